import { parseBy, type SchemaNames } from '../../codecs/avro/parse-schema.ts'
import type { SchemaNode } from '../../codecs/avro/schema-node.ts'
import type { WrittenReference } from '../../codecs/framing/schema-source.ts'
import { type ParsedSchema, parsedJson, type SchemaFormat, type SideNames } from '../schema-format.ts'
import { avroProblems } from './avro-reading.ts'
import { registryRules } from './avro-rules.ts'
import { avroText } from './avro-text.ts'

/** Avro schemas. What a reference defines is known by its name. */
export const avroFormat: SchemaFormat = {
  parse: (text, references) => {
    const names: SchemaNames = new Map()
    defineAll(names, references, new Set())
    const known = new Set(names.keys())
    return new ParsedAvro(parseBy(registryRules, parsedJson(text), names), known)
  },
}

/** What a reference needs itself comes before it; a schema that several need comes once. */
function defineAll(names: SchemaNames, references: readonly WrittenReference[], done: Set<string>): void {
  for (const { schema } of references) {
    if (done.has(schema.text)) continue
    done.add(schema.text)
    defineAll(names, schema.references ?? [], done)
    parseBy(registryRules, parsedJson(schema.text), names)
  }
}

class ParsedAvro implements ParsedSchema {
  readonly type = 'AVRO'
  readonly canonical: string
  readonly #schema: SchemaNode
  readonly #known: ReadonlySet<string>

  constructor(schema: SchemaNode, known: ReadonlySet<string>) {
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
