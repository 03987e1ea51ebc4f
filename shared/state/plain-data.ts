/** A copy of plain data that nobody else can change: an accumulator that goes out as a row is changed in place by the next record. */
export function copyOf<T>(value: T): T
export function copyOf(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(each => copyOf(each))
  if (!isRecord(value)) return isCloned(value) ? structuredClone(value) : value
  const copy: Record<string, unknown> = {}
  for (const [name, each] of Object.entries(value)) copy[name] = copyOf(each)
  return copy
}

/** Others are instances of a class, and none of ours to copy. */
const isCloned = (value: object): boolean =>
  value instanceof Map || value instanceof Set || value instanceof Date || ArrayBuffer.isView(value)

/** Whether plain data is the same by value. A property that is undefined is as one that is not there; NaN is the same as NaN. */
export function isSameData(a: unknown, b: unknown): boolean {
  if (Object.is(a, b) || a === b) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  if (Array.isArray(a)) return Array.isArray(b) && a.length === b.length && a.every((each, i) => isSameData(each, b[i]))
  if (a instanceof Date) return b instanceof Date && Object.is(a.getTime(), b.getTime())
  if (a instanceof Map) return b instanceof Map && isSameData([...a], [...b])
  if (a instanceof Set) return b instanceof Set && isSameData([...a], [...b])
  if (ArrayBuffer.isView(a)) return ArrayBuffer.isView(b) && bytesOf(a).equals(bytesOf(b))
  return isRecord(a) && isRecord(b) && isSameRecord(a, b)
}

function isSameRecord(a: Record<string, unknown>, b: Record<string, unknown>): boolean {
  for (const name in a) if (!isSameData(a[name], b[name])) return false
  for (const name in b) if (b[name] !== undefined && a[name] === undefined) return false
  return true
}

function isRecord(value: object): value is Record<string, unknown> {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView): Buffer =>
  Buffer.from(buffer, byteOffset, byteLength)
