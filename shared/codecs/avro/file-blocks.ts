import { constants, deflateRawSync, inflateRawSync, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import { describeThrown, MalformedRecordError } from '../../model/errors.ts'
import { found } from '../found.ts'
import { AvroInput } from './avro-input.ts'
import { AvroOutput } from './avro-output.ts'
import { parseSchema } from './parse-schema.ts'
import { type Read, readFunction } from './read-function.ts'
import { resolve } from './resolve.ts'
import { snappyDecompress } from './snappy.ts'
import { malformed } from './value-coder.ts'
import { writeFunction } from './write-function.ts'

/** How a file's blocks are compressed, by the specification's names. */
export type FileCodec = 'null' | 'deflate' | 'zstandard'

/** What a container file begins with. */
export type FileHeader = {
  /** All of the metadata: `avro.schema`, `avro.codec` and what the writer added. */
  readonly metadata: Readonly<Record<string, Uint8Array>>
  /** Ends each block. */
  readonly marker: Buffer
  /** Where the first block begins. */
  readonly end: number
}

const magic = Buffer.from('Obj\x01', 'latin1')
export const markerLength = 16

/** An inflated block may be no longer: Java's reader gives up at 200 MiB too (`org.apache.avro.limits.decompress.maxLength`). */
const largestBlockBytes = 200 * 2 ** 20

const metadataSchema = parseSchema({ type: 'map', values: 'bytes' }, { isOwn: true })
let readMetadata: Read | undefined

export function readHeader(bytes: Buffer): FileHeader {
  if (bytes.length < magic.length || !bytes.subarray(0, magic.length).equals(magic)) {
    const what = bytes.length === 0 ? 'nothing' : `the bytes ${bytes.toString('hex', 0, magic.length)}`
    throw new MalformedRecordError(`Cannot read an Avro file: found ${what}, expected "Obj" and a 1`)
  }
  readMetadata ??= readFunction(resolve(metadataSchema, metadataSchema, 'number'))
  const input = new AvroInput()
  input.open(bytes, magic.length, bytes.length)
  try {
    // The plan of a map of bytes reads one.
    const metadata = readMetadata(input) as Readonly<Record<string, Uint8Array>>
    const marker = Buffer.from(input.fixed(markerLength))
    return { metadata, marker, end: input.at }
  } catch (error) {
    throw malformed(error, " of an Avro file's header")
  }
}

/** The header without the marker. */
export function writeHeader(metadata: Readonly<Record<string, Uint8Array>>): Buffer {
  const output = new AvroOutput()
  output.raw(magic)
  writeFunction(metadataSchema)(output, metadata)
  return output.take()
}

/** One block: how many values it holds, and their bytes. */
export type Block = { readonly count: number; readonly bytes: Buffer }

/** The blocks of a file after its header. Each is checked when it is asked for: those before a broken one can be read. */
export function* readBlocks(bytes: Buffer, { marker, end, metadata }: FileHeader): Generator<Block, void, undefined> {
  const codec = Buffer.from(metadata['avro.codec'] ?? 'null').toString('utf8')
  const input = new AvroInput()
  input.open(bytes, end, bytes.length)
  for (let number = 1; input.at < bytes.length; number++) {
    const where = ` of an Avro file, in block ${number} at byte ${input.at}`
    const refuse = (what: string, expected: string): never => {
      throw new MalformedRecordError(`Cannot read the values${where}: found ${what}, expected ${expected}`)
    }
    try {
      const count = input.long()
      const size = input.long()
      const left = bytes.length - input.at
      if (count < 0) refuse(`${count} values`, '0 or more')
      if (size < 0 || size + markerLength > left) {
        refuse(`${left} bytes left`, `${size} bytes of values and a sync marker of ${markerLength}`)
      }
      const at = input.at + size
      if (!bytes.subarray(at, at + markerLength).equals(marker)) {
        refuse(`the bytes ${bytes.toString('hex', at, at + markerLength)} behind it`, "the file's sync marker")
      }
      yield { count, bytes: decompress(codec, bytes.subarray(input.at, at), refuse) }
      input.at = at + markerLength
    } catch (error) {
      throw malformed(error, where)
    }
  }
}

export function writeBlock(codec: FileCodec, count: number, bytes: Buffer): Buffer {
  const output = new AvroOutput()
  const compressed = compress(codec, bytes)
  output.long(count)
  output.long(compressed.length)
  output.raw(compressed)
  return output.take()
}

function compress(codec: FileCodec, bytes: Buffer): Buffer {
  if (codec === 'deflate') return deflateRawSync(bytes)
  if (codec === 'zstandard') return zstdCompressSync(bytes, { params: { [constants.ZSTD_c_compressionLevel]: 3 } })
  return bytes
}

function decompress(codec: string, bytes: Buffer, refuse: (what: string, expected: string) => never): Buffer {
  const options = { maxOutputLength: largestBlockBytes }
  try {
    if (codec === 'null' || codec === '') return bytes
    if (codec === 'deflate') return inflateRawSync(bytes, options)
    if (codec === 'zstandard') return zstdDecompressSync(bytes, options)
    if (codec === 'snappy') return snappyDecompress(bytes, largestBlockBytes)
  } catch (error) {
    return refuse(
      `${bytes.length} bytes that do not decompress: ${describeThrown(error)}`,
      `data of ${codec}, of at most ${largestBlockBytes} bytes`,
    )
  }
  return refuse(`the codec ${found(codec)}`, 'null, deflate, zstandard or snappy')
}
