import type { WrittenReference } from '../../codecs/framing/schema-source.ts'
import type { ParsedSchema, SchemaFormat, SideNames } from '../schema-format.ts'
import { AvroParser } from './avro-parser.ts'
import { avroProblems } from './avro-reading.ts'
import type { AvroSchema } from './avro-schema.ts'
import { avroText } from './avro-text.ts'

/** Avro schemas. What a reference defines is known by its name. */
export const avroFormat: SchemaFormat = {
  parse: (text, references) => {
    const parser = new AvroParser()
    defineAll(parser, references, new Set())
    const known = new Set(parser.names())
    return new ParsedAvro(parser.parse(text), known)
  },
}

/** What a reference needs itself comes before it; a schema that several need comes once. */
function defineAll(parser: AvroParser, references: readonly WrittenReference[], done: Set<string>): void {
  for (const { schema } of references) {
    if (done.has(schema.text)) continue
    done.add(schema.text)
    defineAll(parser, schema.references ?? [], done)
    parser.parse(schema.text)
  }
}

class ParsedAvro implements ParsedSchema {
  readonly type = 'AVRO'
  readonly canonical: string
  readonly #schema: AvroSchema
  readonly #known: ReadonlySet<string>

  constructor(schema: AvroSchema, known: ReadonlySet<string>) {
    this.#schema = schema
    this.#known = known
    this.canonical = avroText(schema, { normalized: false, known })
  }

  normalized(): string {
    return avroText(this.#schema, { normalized: true, known: this.#known })
  }

  problemsReading(written: ParsedSchema, names: SideNames): readonly string[] {
    if (!(written instanceof ParsedAvro)) throw new Error('Cannot compare schemas: they are of different types')
    return avroProblems(this.#schema, written.#schema, names)
  }
}
