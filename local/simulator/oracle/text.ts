/**
 * Values as texts, so that equal values have equal texts whatever the order of their properties: how the oracle groups and compares.
 *
 * What a commit and a shuffle do not keep is not told apart: 0 and -0, a missing property and an undefined one, an instance of a class
 * and a plain object with its fields.
 */
export function textOf(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value)
    case 'number':
      return Object.is(value, -0) ? '0' : String(value)
    case 'bigint':
      return `${value}n`
    case 'object':
      return value === null ? 'null' : objectText(value)
    default:
      return String(value)
  }
}

function objectText(value: object): string {
  if (Array.isArray(value)) return `[${value.map(textOf).join(',')}]`
  if (value instanceof Date) return `Date(${value.getTime()})`
  if (value instanceof Map) return `Map{${[...value].map(([k, v]) => `${textOf(k)}=>${textOf(v)}`).join(',')}}`
  if (value instanceof Set) return `Set{${[...value].map(textOf).join(',')}}`
  if (ArrayBuffer.isView(value)) {
    return `bytes(${Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('hex')})`
  }
  const parts: string[] = []
  for (const [name, part] of Object.entries(value)) {
    if (part !== undefined) parts.push(`${JSON.stringify(name)}:${textOf(part)}`)
  }
  return `{${parts.sort().join(',')}}`
}

/** For a sentence: not longer than a person reads. */
export function shortText(value: unknown): string {
  const text = textOf(value)
  return text.length > 300 ? `${text.slice(0, 300)}...` : text
}
