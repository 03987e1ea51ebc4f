import { MalformedRecordError } from '../model/errors.ts'
import type { Codec } from './codec.ts'
import { type CsvLayout, withoutLineBreak } from './csv.ts'
import { columnRanges, splitLine } from './csv-line.ts'
import { found, foundBytes } from './found.ts'

/** The layout of a codec of CSV, undefined for any other. */
export function csvLayout(codec: Codec<unknown>): CsvLayout | undefined {
  return 'layout' in codec && isLayout(codec.layout) ? codec.layout : undefined
}

/** The layout of a codec that reads files with headers, undefined for any other. */
export function headerLayout(codec: Codec<unknown>): CsvLayout | undefined {
  const layout = csvLayout(codec)
  return layout?.header ? layout : undefined
}

/**
 * The line of a file as the codec has it: its columns only, in its order, without a line break; a view of the line where nothing is to be
 * changed. Throws a
 * MalformedRecordError for a line that has more or fewer columns than the header.
 */
export type LineUnderHeader = (bytes: Buffer, start: number, end: number) => Buffer

/** What a file's header, `bytes[start, end)`, says of the lines behind it. Throws a MalformedRecordError that names the columns. */
export function underHeader(layout: CsvLayout, bytes: Buffer, start: number, end: number): LineUnderHeader {
  const { delimiter, columns } = layout
  const names = namesOf(layout, bytes, start, end)
  const places = columns.map(name => names.indexOf(name))
  const isSame = names.length === columns.length && places.every((place, i) => place === i)
  const between = Buffer.of(delimiter)
  return (line, lineStart, lineEnd) => {
    const lastEnd = withoutLineBreak(line, lineStart, lineEnd)
    // The codec says what is wrong with a line that is as the header is.
    if (isSame) return line.subarray(lineStart, lastEnd)
    const ranges = columnRanges(line, lineStart, lastEnd, delimiter)
    if (ranges === undefined || ranges.length !== 2 * names.length) {
      throw wrongLine(line, lineStart, lastEnd, ranges, names.length)
    }
    const parts = places.flatMap((place, i) => {
      const column = line.subarray(ranges[2 * place], ranges[2 * place + 1])
      return i === 0 ? [column] : [between, column]
    })
    return Buffer.concat(parts)
  }
}

function namesOf(layout: CsvLayout, bytes: Buffer, start: number, end: number): readonly string[] {
  const { columns, delimiter, otherColumns } = layout
  const refuse = (what: string, expected: string): never => {
    throw new MalformedRecordError(`Cannot read the header: found ${what}, expected ${expected}`)
  }
  const last = withoutLineBreak(bytes, start, end)
  const names = splitLine(bytes, start, last, delimiter, mostColumns).columns.map(column =>
    column.kind === 'text'
      ? column.text
      : refuse(foundBytes(bytes, column.start, column.end), `the name of a column: ${column.expected}`),
  )
  const expected = columns.map(found).join(', ')
  const missing = columns.filter(name => !names.includes(name))
  if (missing.length > 0) {
    refuse(`${names.map(found).join(', ')} without ${missing.map(found).join(', ')}`, expected)
  }
  const twice = columns.find(name => names.indexOf(name) !== names.lastIndexOf(name))
  if (twice !== undefined) refuse(`column ${found(twice)} twice`, 'it once')
  const others = names.filter(name => !columns.includes(name))
  if (others.length > 0 && otherColumns === 'refuse') {
    refuse(`also ${others.map(found).join(', ')}`, `only ${expected}, or otherColumns: 'ignore'`)
  }
  return names
}

/** More is no header. */
const mostColumns = 10_000

function wrongLine(
  bytes: Buffer,
  start: number,
  end: number,
  ranges: readonly number[] | undefined,
  expected: number,
): MalformedRecordError {
  const reason =
    ranges === undefined
      ? `${foundBytes(bytes, start, end)}, expected a closing quote`
      : `${ranges.length === 2 ? '1 column' : `${ranges.length / 2} columns`}, expected ${expected} as in the header`
  return new MalformedRecordError(`Cannot read the line: found ${reason}`)
}

const isLayout = (value: unknown): value is CsvLayout =>
  typeof value === 'object' && value !== null && 'columns' in value && 'otherColumns' in value
