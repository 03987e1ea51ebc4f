import { describeThrown, MalformedRecordError } from '../model/errors.ts'

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
  /**
   * What must be learned before these records can be decoded or, called with none, before values can be encoded: a registry's schemas by the
   * ids that the records carry. Undefined when nothing is missing: then no time passes. A rejection says that it cannot be learned now, and
   * the batch is tried again. What can never be learned resolves, and `decode` says so of the record.
   */
  prepare?(records: readonly Uint8Array[], signal: AbortSignal): Promise<void> | undefined
}

/** A format of your own, for `codec`. */
export type CustomCodec<T> = {
  readonly name: string
  /** Gets a copy of the record's bytes, so that it may keep them. Whatever it throws makes the record malformed. */
  readonly decode: (bytes: Uint8Array) => T
  readonly encode: (value: T) => Uint8Array
}

/**
 * A codec from two functions, for a format that is not built in. Both must be pure: a retry decodes the same record again.
 *
 * ```ts
 * const reading = codec({ name: 'reading', decode: bytes => bytes[0], encode: value => Uint8Array.of(value) })
 * ```
 */
export function codec<T>({ name, decode, encode }: CustomCodec<T>): Codec<T> {
  return {
    name,
    decode: (bytes, start, end) => {
      try {
        return decode(new Uint8Array(bytes.subarray(start, end)))
      } catch (error) {
        if (error instanceof MalformedRecordError) throw error
        throw new MalformedRecordError(`Cannot read ${name}: ${describeThrown(error)}`, { cause: error })
      }
    },
    encode,
  }
}
