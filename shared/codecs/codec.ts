/**
 * Bytes to values and back. `decode` reads exactly `bytes[start, end)` and must not keep a reference to `bytes`; it throws
 * a MalformedRecordError that names the field, what was found and what was expected. Both must be deterministic: a retry decodes
 * the same record again and must come to the same value.
 */
export interface Codec<T> {
  /** Its name in `explain`, e.g. `csv`. */
  readonly name: string
  decode(bytes: Uint8Array, start: number, end: number): T
  encode(value: T): Uint8Array
}
