import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from 'node:zlib'
import { type FileMetaData, parquetMetadata, parquetSchema, type SchemaTree } from 'hyparquet'
import { parquetHeader, readColumn } from 'hyparquet/src/column.js'
import { DEFAULT_PARSERS } from 'hyparquet/src/convert.js'
import { describeThrown, MalformedRecordError } from '../../model/errors.ts'
import { asBuffer } from '../bytes.ts'
import { found, oneLine } from '../found.ts'
import { readUtf8 } from '../text.ts'
import type { Column, Stored } from './parquet-columns.ts'

/** Most rows of a file: few bytes can claim many. */
const mostRows = 10_000_000
/** Most bytes of a page that is not compressed: writers begin a new one at about a megabyte. */
const mostPageBytes = 256 * 1024 * 1024

type RowGroup = FileMetaData['row_groups'][number]
type Chunk = NonNullable<RowGroup['columns'][number]['meta_data']>

/** The rows of a parquet file, those of one row group after the other. Throws a MalformedRecordError for what cannot be read. */
export function* readParquet(
  columns: Readonly<Record<string, Column<unknown>>>,
  bytes: Uint8Array,
): Iterable<Record<string, unknown>> {
  const named = Object.entries(columns)
  const { groups, tree, leaves } = asParquet('the file', () => {
    const metadata = parquetMetadata(bytes, { geoparquet: false })
    const tree = parquetSchema(metadata)
    return { groups: metadata.row_groups, tree, leaves: named.map(([name, column]) => leafOf(tree, name, column)) }
  })
  let first = 0
  for (const group of groups) {
    const rows = countOf(group)
    const stored = named.map(([name], i) =>
      asParquet(`column ${found(name)}`, () => readValues(bytes, group, [tree, leaves[i]], rows)),
    )
    for (let row = 0; row < rows; row++) {
      const entries = named.map(([name, column], i) => {
        const value = stored[i][row]
        const restored = column.restore(value)
        if (restored !== undefined) return [name, restored.value] as const
        const place = `row ${first + row + 1}, column ${found(name)}`
        throw new MalformedRecordError(`Cannot read ${place}: found ${textOf(value)}, expected ${column.expected}`)
      })
      yield Object.fromEntries(entries)
    }
    first += rows
  }
}

/** The column of this name, which may stand anywhere in the file. */
function leafOf(tree: SchemaTree, name: string, { expected }: Column<unknown>): SchemaTree {
  const leaf = tree.children.find(child => child.element.name === name)
  if (leaf === undefined) {
    const names = tree.children.map(child => found(`${child.element.name}`)).join(', ')
    throw new MalformedRecordError(`Cannot read column ${found(name)}: the file has ${names || 'no columns'}`)
  }
  if (leaf.element.type === undefined || leaf.element.repetition_type === 'REPEATED') {
    throw new MalformedRecordError(`Cannot read column ${found(name)}: found many values a row, expected ${expected}`)
  }
  return leaf
}

function countOf({ num_rows: rows }: RowGroup): number {
  if (rows >= 0 && rows <= mostRows) return Number(rows)
  throw new MalformedRecordError(`Cannot read the file: found ${rows} rows, expected at most ${mostRows}`)
}

function readValues(bytes: Uint8Array, group: RowGroup, path: [SchemaTree, SchemaTree], rows: number): Stored[] {
  const { element } = path[1]
  const chunk = group.columns.find(({ meta_data: meta }) => meta?.path_in_schema.join() === element.name)?.meta_data
  if (chunk === undefined || element.type === undefined) throw new Error('a row group lacks it')
  const view = viewOf(bytes, chunk)
  checkPages(view, rows)
  const decoder = {
    pathInSchema: chunk.path_in_schema,
    type: element.type,
    element,
    schemaPath: path,
    codec: chunk.codec,
    parsers: { ...DEFAULT_PARSERS, ...parsers },
    compressors,
    utf8: false,
  }
  const select = { groupStart: 0, groupRows: rows, selectStart: 0, selectEnd: rows }
  const { data } = readColumn({ view, offset: 0 }, select, decoder)
  const values: Stored[] = []
  for (const part of data) for (const value of part) values.push(value ?? null)
  if (values.length !== rows) throw new Error(`it has ${values.length} values for ${rows} rows`)
  return values
}

/** The bytes of one column of a row group. */
function viewOf(bytes: Uint8Array, chunk: Chunk): DataView {
  const { dictionary_page_offset: dictionary, data_page_offset: data, total_compressed_size: size } = chunk
  const start = Number(dictionary !== undefined && dictionary > 0n && dictionary < data ? dictionary : data)
  const end = start + Number(size)
  if (start < 0 || end < start || end > bytes.length)
    throw new Error(`it is at ${start} to ${end} of ${bytes.length} bytes`)
  return new DataView(bytes.buffer, bytes.byteOffset + start, end - start)
}

/** Before anything is made room for: what pages claim is within what the file can hold. */
function checkPages(view: DataView, rows: number): void {
  const reader = { view, offset: 0 }
  while (reader.offset < view.byteLength - 1) {
    const header = parquetHeader(reader)
    const { uncompressed_page_size: plain, compressed_page_size: packed } = header
    const values = (header.data_page_header ?? header.data_page_header_v2 ?? header.dictionary_page_header)?.num_values
    if (!(packed >= 0 && packed <= view.byteLength - reader.offset)) throw new Error(`a page has ${packed} bytes`)
    if (!(plain >= 0 && plain <= mostPageBytes)) throw new Error(`a page has ${plain} bytes when it is unpacked`)
    if (values !== undefined && !(values >= 0 && values <= rows)) throw new Error(`a page has ${values} values`)
    reader.offset += packed
  }
}

/** Times come as milliseconds; what no Date holds as it is, as no number: columns refuse it. */
const parsers = {
  timestampFromMilliseconds: (time: bigint) => time,
  timestampFromMicroseconds: (time: bigint) => (time % 1_000n === 0n ? time / 1_000n : Number.NaN),
  timestampFromNanoseconds: (time: bigint) => (time % 1_000_000n === 0n ? time / 1_000_000n : Number.NaN),
  dateFromDays: (days: number) => BigInt(days) * 86_400_000n,
  stringFromBytes: (bytes: Uint8Array | undefined) =>
    bytes && (readUtf8(asBuffer(bytes), 0, bytes.length) ?? Number.NaN),
  jsonFromBytes: (bytes: Uint8Array | undefined) => bytes && (readUtf8(asBuffer(bytes), 0, bytes.length) ?? Number.NaN),
}

const compressors = {
  GZIP: (bytes: Uint8Array, length: number) => gunzipSync(bytes, { maxOutputLength: length }),
  BROTLI: (bytes: Uint8Array, length: number) => brotliDecompressSync(bytes, { maxOutputLength: length }),
  ZSTD: (bytes: Uint8Array, length: number) => zstdDecompressSync(bytes, { maxOutputLength: length }),
}

function asParquet<T>(what: string, read: () => T): T {
  try {
    return read()
  } catch (error) {
    if (error instanceof MalformedRecordError) throw error
    const reason = oneLine(describeThrown(error))
    throw new MalformedRecordError(`Cannot read ${what}: expected parquet (${reason})`, { cause: error })
  }
}

const textOf = (value: Stored): string =>
  typeof value === 'string' ? found(value) : value instanceof Uint8Array ? `${value.length} bytes` : String(value)
