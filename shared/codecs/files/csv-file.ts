import { MalformedRecordError } from '../../model/errors.ts'
import { asBuffer } from '../bytes.ts'
import type { Codec } from '../codec.ts'
import { type CsvCodec, type CsvLayout, type CsvOptions, csv, type Fields, type Row } from '../csv.ts'
import { code } from '../csv-field.ts'
import { text } from '../csv-fields.ts'
import { headerLayout, type LineUnderHeader, underHeader } from '../csv-header.ts'
import { openQuote } from '../csv-line.ts'
import { encodeAll, type FileFormat, type FileWriter } from './file-format.ts'
import { atLine, linesWriter } from './lines.ts'

/** What `csvFile` may be told beside the columns. */
export type CsvFileOptions = CsvOptions & {
  /**
   * Whether the first line of a file names its columns. One that is read must then name these, in any order.
   * @default true
   */
  readonly header?: boolean
}

/**
 * A file of CSV (RFC 4180) in UTF-8, with the columns of `csv`, lines ended by a line feed. A file that is read may begin with a byte order
 * mark, may end its lines by a carriage return and a line feed, and may lack the last line break; values may hold line breaks.
 *
 * ```ts
 * const trades = csvFile({ id: int, symbol: text, price: float })
 * ```
 */
export function csvFile<const Columns extends Fields>(
  columns: Columns,
  options: CsvFileOptions = {},
): FileFormat<Row<Columns>> {
  const codec = csv(columns, { ...options, header: options.header ?? true })
  const layout = headerLayout(codec)
  const head = layout === undefined ? [] : [headerLine(Object.keys(columns), options), Buffer.from('\n')]
  const writer = (): FileWriter<Row<Columns>> => linesWriter(value => codec.encode(value), head)
  return {
    name: 'csv',
    extension: 'csv',
    writer,
    encode: values => encodeAll(writer(), values),
    decode: bytes => decodeFile(codec, layout, asBuffer(bytes)),
  }
}

/** The line that names the columns is a line of texts. */
function headerLine(names: readonly string[], options: CsvOptions): Uint8Array {
  const titles = csv(Object.fromEntries(names.map((_, i) => [`column${i + 1}`, text])), options)
  return titles.encode(Object.fromEntries(names.map((name, i) => [`column${i + 1}`, name])))
}

function* decodeFile<T>(codec: CsvCodec<T>, layout: CsvLayout | undefined, bytes: Buffer): Iterable<T> {
  let under: LineUnderHeader | undefined
  let isHeader = layout !== undefined
  for (const { start, end, line } of recordsOf(bytes, codec.layout.delimiter)) {
    if (isHeader && layout !== undefined) under = atLine(line, () => underHeader(layout, bytes, start, end))
    else yield atLine(line, () => decodeLine(codec, under, bytes, start, end))
    isHeader = false
  }
  if (isHeader) throw new MalformedRecordError('Cannot read a CSV file: found nothing, expected a header')
}

function decodeLine<T>(
  codec: Codec<T>,
  under: LineUnderHeader | undefined,
  bytes: Buffer,
  start: number,
  end: number,
): T {
  if (under === undefined) return codec.decode(bytes, start, end)
  const line = under(bytes, start, end)
  return codec.decode(line, 0, line.length)
}

/** Where records begin and end, their line break among them, and on which line they begin. A line break in quotes ends none. */
function* recordsOf(
  bytes: Buffer,
  delimiter: number,
): Iterable<{ readonly start: number; readonly end: number; readonly line: number }> {
  let start = bytes.subarray(0, mark.length).equals(mark) ? mark.length : 0
  let line = 1
  let lines = 0
  let isOpen = false
  for (let at = start; at < bytes.length; ) {
    const found = bytes.indexOf(code.lineFeed, at)
    const end = found < 0 ? bytes.length : found + 1
    isOpen = openQuote(bytes, at, found < 0 ? end : found, delimiter, isOpen) !== 'none'
    lines++
    at = end
    if (isOpen && end < bytes.length) continue
    yield { start, end, line }
    start = end
    line = lines + 1
  }
}

/** Byte order mark of UTF-8. */
const mark = Buffer.from([0xef, 0xbb, 0xbf])
