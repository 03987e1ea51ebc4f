import { type ParsedSchema, problemText, type SchemaFormat, type SideNames } from '../schema-format.ts'
import { isHarmless } from './json-changes.ts'
import { jsonChanges } from './json-diff.ts'
import type { JsonNode } from './json-node.ts'
import { parseJsonSchema } from './json-parser.ts'
import { sortedText } from './same-json.ts'

/** JSON Schemas of drafts 4 to 2020-12. */
export const jsonFormat: SchemaFormat = {
  parse: (text, references) => {
    const document = parsed(text)
    if (
      typeof document !== 'boolean' &&
      (typeof document !== 'object' || document === null || Array.isArray(document))
    ) {
      throw new Error(`found ${JSON.stringify(document)}, expected a JSON object, true or false`)
    }
    return new ParsedJsonSchema(document, parseJsonSchema(document, references))
  },
}

class ParsedJsonSchema implements ParsedSchema {
  readonly type = 'JSON'
  readonly canonical: string
  readonly #document: unknown
  readonly #node: JsonNode

  constructor(document: unknown, node: JsonNode) {
    this.#document = document
    this.#node = node
    this.canonical = JSON.stringify(document)
  }

  normalized(): string {
    return sortedText(this.#document) ?? ''
  }

  problemsReading(written: ParsedSchema, { reader, writer }: SideNames): readonly string[] {
    if (!(written instanceof ParsedJsonSchema)) throw new Error('Cannot compare schemas: they are of different types')
    return jsonChanges(written.#node, this.#node)
      .filter(change => !isHarmless(change))
      .map(({ kind, place }) => {
        const what = kind.toLowerCase().replaceAll('_', ' ')
        return problemText(kind, `From the ${writer} to the ${reader} schema: ${what} at path '#${place || '/'}'`)
      })
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new Error('it is no JSON document')
  }
}
