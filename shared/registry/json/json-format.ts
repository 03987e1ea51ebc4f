import { changeText, type ParsedSchema, parsedJson, type SchemaFormat, type SideNames } from '../schema-format.ts'
import { isHarmless } from './json-changes.ts'
import { jsonChanges } from './json-diff.ts'
import type { JsonNode } from './json-node.ts'
import { parseJsonSchema } from './json-parser.ts'
import { sortedText } from './same-json.ts'

/** JSON Schemas of drafts 4 to 2020-12. */
export const jsonFormat: SchemaFormat = {
  parse: (text, references) => {
    const document = parsedJson(text)
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

  problemsReading(written: ParsedSchema, names: SideNames): readonly string[] {
    if (!(written instanceof ParsedJsonSchema)) throw new Error('Cannot compare schemas: they are of different types')
    return jsonChanges(written.#node, this.#node)
      .filter(change => !isHarmless(change))
      .map(change => changeText(change, names))
  }
}
