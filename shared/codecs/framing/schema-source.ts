import type { Framing, SchemaId } from './framing.ts'

/** A schema as it is kept in a registry. */
export type WrittenSchema = {
  readonly type: 'AVRO' | 'JSON' | 'PROTOBUF'
  /** The schema's source: JSON for `AVRO` and `JSON`, a .proto file for `PROTOBUF`. */
  readonly text: string
  readonly references?: readonly WrittenReference[]
}

/** A schema that another one uses, under the name it uses for it. It has its own references, so that nothing is left to look up. */
export type WrittenReference = { readonly name: string; readonly schema: WrittenSchema }

/** Where codecs learn schemas by the ids that records carry, and ids for the schemas they write: a schema registry's client. */
export interface SchemaSource {
  /** As in messages and `explain`, e.g. the registry's address. */
  readonly name: string
  /** How records say the ids of this source. */
  readonly framing: Framing
  /** Undefined where the registry answers that it has no such id; rejects when it cannot be reached. Answers are kept: an id never changes. */
  schemaOf(id: SchemaId, signal?: AbortSignal): Promise<WrittenSchema | undefined>
  /** The schema's id under the subject, the same for the same schema: registers it or, where the client may not, looks it up. */
  idOf(subject: string, schema: WrittenSchema, signal?: AbortSignal): Promise<SchemaId>
}
