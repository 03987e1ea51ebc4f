import type { WrittenReference } from '../codecs/framing/schema-source.ts'

export const schemaTypes = ['AVRO', 'JSON', 'PROTOBUF'] as const
export type SchemaType = (typeof schemaTypes)[number]

/** A schema that was understood. Schemas with the same canonical text are the same. */
export interface ParsedSchema {
  readonly type: SchemaType
  /** The schema without what does not matter, such as white space. */
  readonly canonical: string
  /** Further: without the order of what has none, with full names. */
  normalized(): string
  /** The compiled schema in base64, of a type that has such a form. */
  serialized?(): string
  /** What keeps a reader with this schema from reading what was written with the other of the same type; none where it can. */
  problemsReading(written: ParsedSchema, names: SideNames): readonly string[]
}

/** How messages call the two schemas: `new` and `old`, or the other way round. */
export type SideNames = { readonly reader: string; readonly writer: string }

/** Reads schemas of one type. Throws an error that says what is wrong with a schema that is none. */
export interface SchemaFormat {
  parse(text: string, references: readonly WrittenReference[]): ParsedSchema
}

/** A difference as Confluent's registry writes it: its kind, and a sentence with the place. */
export const problemText = (kind: string, description: string, more = ''): string =>
  `{errorType:"${kind}", description:"${description}"${more}}`

/** A change of a schema as Confluent's registry writes it, between the two that messages name. */
export const changeText = (change: { readonly kind: string; readonly place: string }, names: SideNames): string => {
  const what = change.kind.toLowerCase().replaceAll('_', ' ')
  const direction = `From the ${names.writer} to the ${names.reader} schema`
  return problemText(change.kind, `${direction}: ${what} at path '#${change.place || '/'}'`)
}

/** Throws an Error where the text is no JSON. */
export function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new Error('it is no JSON document')
  }
}
