/** A value as JSON can say it: big integers and bytes as text, maps as objects where their keys are texts, sets as lists. */
export function jsonSafe(value: unknown): unknown {
  switch (typeof value) {
    case 'bigint':
      return String(value)
    case 'number':
      return Number.isFinite(value) ? value : String(value)
    case 'object':
      return value === null ? null : jsonObject(value)
    case 'function':
    case 'symbol':
      return String(value)
    default:
      return value
  }
}

function jsonObject(value: object): unknown {
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? String(value) : value.toISOString()
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64')
  if (Array.isArray(value)) return value.map(jsonSafe)
  if (value instanceof Set) return [...value].map(jsonSafe)
  if (value instanceof Map) return jsonMap(value)
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, jsonSafe(part)]))
}

function jsonMap(map: ReadonlyMap<unknown, unknown>): unknown {
  const entries = [...map].map(([key, value]) => [key, jsonSafe(value)] as const)
  const isNamed = entries.every(([key]) => typeof key === 'string')
  return isNamed ? Object.fromEntries(entries) : entries.map(([key, value]) => [jsonSafe(key), value])
}
