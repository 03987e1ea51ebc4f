/** What names a writer's schema: a number in Confluent's registry and ours, a UUID in Glue's, a fingerprint in single objects. */
export type SchemaId = number | string

/** A record without its header: the value's bytes are `body[start, end)`. */
export type Framed = {
  readonly id: SchemaId
  readonly body: Uint8Array
  readonly start: number
  readonly end: number
}

/** How a record says by which schema it was written. Both ways are deterministic. */
export interface Framing {
  /** As in messages, e.g. `Confluent's wire format`. */
  readonly name: string
  /** Throws a MalformedRecordError that says what was found and what was expected. `body` is a view of `bytes` wherever it can be. */
  read(bytes: Uint8Array, start: number, end: number): Framed
  /** The id alone, where that is less work than `read`. */
  idOf?(bytes: Uint8Array, start: number, end: number): SchemaId
  /** The header and the body. Throws a RangeError for an id that this header cannot carry. */
  write(id: SchemaId, body: Uint8Array): Uint8Array
}
