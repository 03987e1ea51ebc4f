import { ConfigurationError } from '../../model/errors.ts'
import type { WrittenSchema } from '../framing/schema-source.ts'
import type { AvroLong, AvroSchema } from './avro-value.ts'
import { jsonOf, parseSchema } from './parse-schema.ts'
import { type Read, readFunction } from './read-function.ts'
import { resolve } from './resolve.ts'
import type { SchemaNode } from './schema-node.ts'
import { type Write, writeFunction } from './write-function.ts'

/** A schema as text, e.g. what a .avsc file holds. */
export type AvroText = { readonly text: string }

/** A schema of the program's: checked when the program is built, made into functions when the first value comes. */
export class ProgramSchema {
  readonly node: SchemaNode
  readonly written: WrittenSchema
  readonly #long: AvroLong
  readonly #reads = new Map<SchemaNode, Read>()
  #write: Write | undefined

  /** Throws a ConfigurationError that names the place in the schema. */
  constructor(schema: AvroSchema | AvroText, long: AvroLong = 'number') {
    const isText =
      typeof schema === 'object' && 'text' in schema && typeof schema.text === 'string' && !('type' in schema)
    const text = isText ? schema.text : JSON.stringify(schema)
    this.written = { type: 'AVRO', text }
    this.node = parseSchema(jsonOf(text), { isOwn: true })
    this.#long = long
    if (!['number', 'bigint', 'either'].includes(long)) {
      throw new ConfigurationError(
        `Cannot make an Avro codec: long is "${long}", "number", "bigint" or "either" would be right`,
      )
    }
  }

  get write(): Write {
    this.#write ??= writeFunction(this.node)
    return this.#write
  }

  /** What this schema's values are read by where they were written by `writer`, or by this schema. Made once for each. */
  readOf(writer: SchemaNode = this.node): Read {
    let read = this.#reads.get(writer)
    if (read === undefined) {
      read = readFunction(resolve(writer, this.node, this.#long))
      this.#reads.set(writer, read)
    }
    return read
  }
}
