import { deserialize, serialize } from 'node:v8'

/** A row's value as it is kept: as JSON, which people and other programs can read, where that says all of it, else as bytes. */
export type KeptValue =
  | { readonly kind: 'json'; readonly json: string }
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }

/** Keeps whatever can be cloned: Dates, big integers, Maps, undefined, NaN. Throws a DataCloneError for a function. */
export function keepValue(value: unknown): KeptValue {
  return isJson(value, 0)
    ? { kind: 'json', json: JSON.stringify(value) }
    : { kind: 'bytes', bytes: new Uint8Array(serialize(value)) }
}

export const valueFrom = (kept: KeptValue): unknown =>
  kept.kind === 'json' ? JSON.parse(kept.json) : deserialize(kept.bytes)

/** Deeper values, and those that hold themselves, are bytes. */
const deepest = 64

/** Whether reading what JSON says of it gives the value again. */
function isJson(value: unknown, depth: number): boolean {
  switch (typeof value) {
    case 'string':
      return value.isWellFormed()
    case 'number':
      return Number.isFinite(value) && !Object.is(value, -0)
    case 'boolean':
      return true
    case 'object':
      return value === null || (depth < deepest && isJsonObject(value, depth))
    default:
      return false
  }
}

function isJsonObject(value: object, depth: number): boolean {
  if ('toJSON' in value) return false
  if (Array.isArray(value)) {
    // A list with holes, or with names beside its elements, has another number of names.
    return Object.keys(value).length === value.length && value.every(part => isJson(part, depth + 1))
  }
  if (Object.getPrototypeOf(value) !== Object.prototype) return false
  return Object.entries(value).every(
    ([name, part]) => name !== '__proto__' && name.isWellFormed() && isJson(part, depth + 1),
  )
}
