/**
 * A text that equal plain values have in common, whatever the order of their properties: it decides where event times do not, so that
 * no result depends on the order in which records came.
 */
export function valueText(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value)
    case 'number':
      return String(value + 0)
    case 'bigint':
      return `${value}n`
    case 'object':
      return value === null ? 'null' : objectText(value)
    default:
      return String(value)
  }
}

function objectText(value: object): string {
  if (Array.isArray(value)) return `[${value.map(valueText).join(',')}]`
  if (value instanceof Date) return `Date(${value.getTime()})`
  if (value instanceof Map) return `Map(${sorted(Array.from(value, entryText))})`
  if (value instanceof Set) return `Set(${sorted(Array.from(value, valueText))})`
  if (ArrayBuffer.isView(value)) return `${Object.prototype.toString.call(value)}(${Array.from(bytesOf(value))})`
  return `{${sorted(Object.entries(value).map(entryText))}}`
}

const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength)
const entryText = ([name, part]: readonly [unknown, unknown]): string => `${valueText(name)}:${valueText(part)}`
const sorted = (texts: readonly string[]): string => texts.toSorted().join(',')

/** By event time, then by text. 0 only for values that nobody can tell apart. */
export function compareTimed(a: Timed, b: Timed): number {
  if (a.time !== b.time) return a.time - b.time
  return compareTexts(a.value, b.value)
}

export type Timed = { readonly time: number; readonly value: unknown }

/** Texts are made only where event times do not decide. */
export function compareTexts(a: unknown, b: unknown): number {
  if (a === b) return 0
  const [x, y] = [valueText(a), valueText(b)]
  return x < y ? -1 : x > y ? 1 : 0
}
