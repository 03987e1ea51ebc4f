import { createHash } from 'node:crypto'
import { ConfigurationError, describeThrown, MalformedRecordError } from '../../model/errors.ts'
import { asBuffer } from '../bytes.ts'
import { encodeAll, type FileFormat, type FileWriter } from '../files/file-format.ts'
import { AvroInput } from './avro-input.ts'
import { mostEmptyItems } from './avro-limits.ts'
import { AvroOutput } from './avro-output.ts'
import type { AvroLong, AvroSchema, AvroValue } from './avro-value.ts'
import { Fault } from './fault.ts'
import { type FileCodec, markerLength, readBlocks, readHeader, writeBlock, writeHeader } from './file-blocks.ts'
import { leastBytes } from './least-bytes.ts'
import { jsonOf, parseSchema } from './parse-schema.ts'
import { type AvroText, ProgramSchema } from './program-schema.ts'
import { type Read, readFunction } from './read-function.ts'
import { resolve } from './resolve.ts'
import type { SchemaNode } from './schema-node.ts'
import { malformed, unwritable } from './value-coder.ts'

/** What `avroFile` may be told beside the schema. */
export type AvroFileOptions<Long extends AvroLong = AvroLong> = {
  /**
   * How blocks are written. All of these are read, and snappy too; bzip2 and xz are not.
   * @default 'null'
   */
  readonly codec?: FileCodec
  /** What a `long` is in the program, as in `avro`. */
  readonly long?: Long
  /** Written into the header beside the schema. Names that begin with `avro.` are Avro's own. */
  readonly metadata?: Readonly<Record<string, string>>
}

/** A block is closed when it has this many bytes: as Java's writer does, about. */
const blockBytes = 64_000

/**
 * An Avro object container file: its schema, then blocks of values. A file is read by the schema that it carries, resolved to this one
 * by the rules of `avro`. A truncated or corrupt block is a MalformedRecordError that says which; the values of the blocks before it
 * come first.
 *
 * The sync marker is made of the content, so that a retry writes the same bytes.
 *
 * @example
 * ```ts
 * const reading = { type: 'record', name: 'Reading', fields: [{ name: 'celsius', type: 'double' }] } as const
 * const readings = avroFile(reading, { codec: 'deflate' })   // for stream.toFiles(readings)
 * ```
 */
export function avroFile<const Schema extends AvroSchema, Long extends AvroLong = 'number'>(
  schema: Schema,
  options?: AvroFileOptions<Long>,
): FileFormat<NoInfer<AvroValue<Schema, Long>>>
export function avroFile<T>(schema: AvroText | AvroSchema, options?: AvroFileOptions): FileFormat<T>
export function avroFile(schema: AvroText | AvroSchema, options: AvroFileOptions = {}): FileFormat<unknown> {
  const { codec = 'null', long, metadata = {} } = options
  if (!['null', 'deflate', 'zstandard'].includes(codec)) {
    refuse(`its codec is "${codec}", "null", "deflate" or "zstandard" would be right`)
  }
  const own = new ProgramSchema(schema, long)
  const header = headerOf(own.written.text, codec, metadata)
  const writer = (): FileWriter<unknown> => new ContainerWriter(own, header, codec)
  return {
    name: 'avro',
    extension: 'avro',
    decode: bytes => readFile(bytes, node => own.readOf(node)),
    writer,
    encode: values => encodeAll(writer(), values),
  }
}

/**
 * The values of a container file by the schema that it carries: their type is not known to the program. Longs beyond 2^53 are bigints.
 *
 * @example
 * ```ts
 * const bytes = avroFile('string').encode(['to be', 'or not to be'])
 * const texts = [...readAvroFile<string>(bytes)]
 * ```
 */
export function readAvroFile<T = unknown>(bytes: Uint8Array, long: AvroLong = 'either'): Iterable<T> {
  // The type is the user's word.
  return readFile(bytes, node => readFunction(resolve(node, node, long))) as Iterable<T>
}

/** The header of a container file: its schema as text, how it is compressed, and all of its metadata as text. */
export type AvroFileHeader = {
  readonly schema: string
  readonly codec: string
  readonly metadata: Readonly<Record<string, string>>
}

/** What a container file says of itself. Throws a MalformedRecordError where it is none. */
export function readAvroFileHeader(bytes: Uint8Array): AvroFileHeader {
  const { metadata } = readHeader(asBuffer(bytes))
  const texts = Object.fromEntries(
    Object.entries(metadata).map(([name, value]) => [name, Buffer.from(value).toString()]),
  )
  return { schema: texts['avro.schema'] ?? '', codec: texts['avro.codec'] ?? 'null', metadata: texts }
}

function* readFile(given: Uint8Array, readOf: (writer: SchemaNode) => Read): Generator<unknown, void, undefined> {
  const bytes = asBuffer(given)
  const header = readHeader(bytes)
  const writer = writerOf(header.metadata['avro.schema'])
  const read = readOf(writer)
  const least = leastBytes(writer)
  const input = new AvroInput()
  let number = 0
  for (const block of readBlocks(bytes, header)) {
    const where = ` of an Avro file, in block ${++number}`
    input.open(block.bytes, 0, block.bytes.length)
    try {
      const most = least > 0 ? Math.floor(block.bytes.length / least) : mostEmptyItems
      if (block.count > most) throw new Fault(`a block of ${block.count} values`, `at most ${most}`)
      for (let i = 0; i < block.count; i++) {
        input.beginValue()
        yield read(input)
      }
      if (input.at !== input.end) throw new Fault(`${input.end - input.at} bytes behind the last value`, 'none')
    } catch (error) {
      throw malformed(error, where)
    }
  }
}

function writerOf(schema: Uint8Array | undefined): SchemaNode {
  const unreadable = (reason: string) => new MalformedRecordError(`Cannot read an Avro file: ${reason}`)
  if (schema === undefined) throw unreadable('found no schema in its header, expected "avro.schema"')
  try {
    return parseSchema(jsonOf(Buffer.from(schema).toString('utf8')), { isOwn: false })
  } catch (error) {
    if (error instanceof ConfigurationError) throw unreadable(`its schema cannot be used (${describeThrown(error)})`)
    throw error
  }
}

class ContainerWriter implements FileWriter<unknown> {
  readonly #own: ProgramSchema
  readonly #header: Buffer
  readonly #codec: FileCodec
  readonly #blocks: Buffer[] = []
  readonly #output = new AvroOutput()
  #count = 0

  constructor(own: ProgramSchema, header: Buffer, codec: FileCodec) {
    this.#own = own
    this.#header = header
    this.#codec = codec
  }

  add(value: unknown): number {
    const output = this.#output
    const before = output.length
    output.beginValue()
    try {
      this.#own.write(output, value)
    } catch (error) {
      output.reset(before)
      throw unwritable(error)
    }
    const added = output.length - before
    this.#count++
    if (output.length >= blockBytes || this.#count >= mostEmptyItems) this.#close()
    return added
  }

  finish(): Uint8Array {
    if (this.#count > 0) this.#close()
    const hash = createHash('sha256').update(this.#header)
    for (const block of this.#blocks) hash.update(block)
    const marker = hash.digest().subarray(0, markerLength)
    return Buffer.concat([this.#header, marker, ...this.#blocks.flatMap(block => [block, marker])])
  }

  #close(): void {
    this.#blocks.push(writeBlock(this.#codec, this.#count, this.#output.take()))
    this.#count = 0
  }
}

function headerOf(schema: string, codec: FileCodec, metadata: Readonly<Record<string, string>>): Buffer {
  const all = { 'avro.schema': schema, 'avro.codec': codec, ...metadata }
  const reserved = Object.keys(metadata).find(name => name.startsWith('avro.'))
  if (reserved !== undefined)
    refuse(`the metadata has "${reserved}", a name that does not begin with "avro." would be right`)
  return writeHeader(Object.fromEntries(Object.entries(all).map(([name, value]) => [name, Buffer.from(value, 'utf8')])))
}

function refuse(reason: string): never {
  throw new ConfigurationError(`Cannot make an Avro file format: ${reason}`)
}
