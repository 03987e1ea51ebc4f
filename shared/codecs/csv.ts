import { counted } from '../model/counted.ts'
import { ConfigurationError, MalformedRecordError } from '../model/errors.ts'
import { asBuffer } from './bytes.ts'
import type { Codec } from './codec.ts'
import { type Cursor, code, type FastReader, type Field, miss, unreadable } from './csv-field.ts'
import { splitLine } from './csv-line.ts'
import { found, foundBytes } from './found.ts'

/** What `csv` may be told beside the columns. */
export type CsvOptions = {
  /**
   * One ASCII character that no number is made of.
   * @default ','
   */
  readonly delimiter?: string
  /**
   * Whether files of such rows begin with one that names the columns. A file that is read (`--input SOURCE=FILE`, `from: files(...)`) may then
   * have them in any order; one that lacks a column is refused. In a stream there are no headers: each record is a row with the columns as
   * given here.
   * @default false
   */
  readonly header?: boolean
  /**
   * What becomes of columns that a file's header names beside these.
   * @default 'refuse'
   */
  readonly otherColumns?: 'refuse' | 'ignore'
}

/** A codec whose rows files hold. */
export type CsvCodec<T> = Codec<T> & { readonly layout: CsvLayout }

/** What a file's header must name. */
export type CsvLayout = {
  readonly columns: readonly string[]
  /** As a character code. */
  readonly delimiter: number
  readonly header: boolean
  readonly otherColumns: 'refuse' | 'ignore'
}

/** The columns of a line, in their order. */
export type Fields = Readonly<Record<string, Field<unknown>>>

/** What a line with these columns decodes to. */
export type Row<Columns extends Fields> = {
  readonly [Name in keyof Columns]: Columns[Name] extends Field<infer Value> ? Value : never
}

/**
 * A record as one row of CSV (RFC 4180) in UTF-8, with line breaks in quotes or none. The line break at its end may be there or not. A row that
 * has not just these columns, or a column that its field cannot read, makes the record malformed. Writing a value that would not
 * be read back as it is throws a RangeError.
 *
 * ```ts
 * const trades = csv({ time: timestamp('yyyy-MM-dd HH:mm:ss'), orderId: int, price: float, side: oneOf('B', 'S') })
 * ```
 */
export function csv<const Columns extends Fields>(columns: Columns, options: CsvOptions = {}): CsvCodec<Row<Columns>> {
  const names = Object.keys(columns)
  const fields = Object.values(columns)
  const delimiter = readDelimiter(options.delimiter ?? ',')
  refuseNames(names)
  const line = { names, fields, delimiter, ...compile<Row<Columns>>(names, fields, delimiter) }
  const cursor: Cursor = { at: 0, end: 0 }
  const { header = false, otherColumns = 'refuse' } = options
  return {
    name: 'csv',
    layout: { columns: names, delimiter, header, otherColumns },
    decode: (given, start, end) => {
      const bytes = asBuffer(given)
      cursor.at = start
      cursor.end = withoutLineBreak(bytes, start, end)
      const row = start < cursor.end ? line.readFast(bytes, cursor) : undefined
      return row ?? readSlow(line, bytes, start, cursor.end)
    },
    encode: value => Buffer.from(formatLine(line, value), 'utf8'),
  }
}

type Line<T> = {
  readonly names: readonly string[]
  readonly fields: readonly Field<unknown>[]
  readonly delimiter: number
} & CompiledLine<T>

type CompiledLine<T> = {
  /** The line's value, or undefined where there is something that the fast readers leave to others. */
  readonly readFast: (bytes: Buffer, cursor: Cursor) => T | undefined
  readonly makeRow: (...values: readonly unknown[]) => T
}

/**
 * Code made for these columns: each reader is called from a place of its own, where the engine can inline it, and each row is
 * the same object literal, so that all have one hidden class. A loop over readers takes half as long again.
 */
function compile<T>(names: readonly string[], fields: readonly Field<unknown>[], delimiter: number): CompiledLine<T> {
  const plain = fields.map(field => field.fast?.(delimiter) ?? missed)
  const quoted = fields.map(field => quotedReader(field.fast?.(code.quote) ?? missed, delimiter))
  const values = names.map((_, i) => `value${i}`).join(', ')
  const steps = names.map((_, i) => {
    const isLast = i === names.length - 1
    return `
      const value${i} = isQuoted(bytes, cursor) ? quoted${i}(bytes, cursor) : plain${i}(bytes, cursor)
      ${isLast ? 'if (cursor.at !== cursor.end) return undefined' : 'if (cursor.at++ >= cursor.end) return undefined'}`
  })
  const body = `
    const makeRow = (${values}) => ({ ${names.map((name, i) => `${JSON.stringify(name)}: value${i}`).join(', ')} })
    const isQuoted = (bytes, cursor) => cursor.at < cursor.end && bytes[cursor.at] === ${code.quote}
    const readFast = (bytes, cursor) => {${steps.join('')}
      return makeRow(${values})
    }
    return { readFast, makeRow }`
  const parameters = [...names.map((_, i) => `plain${i}`), ...names.map((_, i) => `quoted${i}`)]
  // Only names get into the code, as JSON strings.
  return new Function(...parameters, body)(...plain, ...quoted) as CompiledLine<T>
}

/** Reads a column in quotes; a quote doubled inside is a miss. */
function quotedReader<T>(read: FastReader<T>, delimiter: number): FastReader<T> {
  return (bytes, cursor) => {
    cursor.at++
    const value = read(bytes, cursor)
    const after = cursor.at + 1
    if (after === cursor.end || (after < cursor.end && bytes[after] === delimiter)) cursor.at = after
    else miss(cursor)
    return value
  }
}

const missed: FastReader<undefined> = (_bytes, cursor) => {
  miss(cursor)
  return undefined
}

/** Reads every line that can be read, and finds the words for one that cannot. */
function readSlow<T>({ names, fields, delimiter, makeRow }: Line<T>, bytes: Buffer, start: number, end: number): T {
  const malformed = (column: number, what: string, expected: string): never => {
    const where = column < 0 ? 'the line' : `column ${column + 1} ${found(names[column])}`
    throw new MalformedRecordError(`Cannot read ${where}: found ${what}, expected ${expected}`)
  }
  if (start === end && !(fields.length === 1 && fields[0].emptyIsMissing)) {
    malformed(-1, 'nothing', counted(names.length, 'column'))
  }
  const { columns, count, isOpen } = splitLine(bytes, start, end, delimiter, names.length)
  // A column that is never closed has swallowed the others: that is what to tell, and not how many are left.
  if (count > names.length || (count < names.length && !isOpen)) {
    malformed(-1, counted(count, 'column'), String(names.length))
  }
  const values = columns.map((column, i) => {
    if (column.kind === 'wrong') return malformed(i, foundBytes(bytes, column.start, column.end), column.expected)
    const value = fields[i].parse(column.text, column.quoted)
    return value === unreadable ? malformed(i, found(column.text), fields[i].expected) : value
  })
  return makeRow(...values)
}

function formatLine<T>({ names, fields, delimiter }: Line<T>, row: Readonly<Record<string, unknown>>): string {
  let line = ''
  for (let i = 0; i < names.length; i++) {
    const field = fields[i]
    const value = row[names[i]]
    const text = field.format(value) ?? refuseValue(i, names[i], value, field.expected)
    if (i > 0) line += String.fromCharCode(delimiter)
    // Nothing at all would read as a missing value or, on its own, as an empty line.
    const isBare = text === '' && (field.emptyIsMissing ? value !== undefined : names.length === 1)
    line += isBare || needsQuotes(text, delimiter) ? `"${text.replaceAll('"', '""')}"` : text
  }
  return line
}

function refuseValue(column: number, name: string, value: unknown, expected: string): never {
  const what = typeof value === 'string' ? found(value) : String(value)
  throw new RangeError(`Cannot write column ${column + 1} ${found(name)}: found ${what}, expected ${expected}`)
}

function needsQuotes(text: string, delimiter: number): boolean {
  for (let i = 0; i < text.length; i++) {
    const at = text.charCodeAt(i)
    if (at === delimiter || at === code.quote || at === code.lineFeed || at === code.carriageReturn) return true
  }
  return false
}

/** Without the line break at its end, of whatever system. */
export function withoutLineBreak(bytes: Buffer, start: number, end: number): number {
  let last = end
  if (last > start && bytes[last - 1] === code.lineFeed) last--
  if (last > start && bytes[last - 1] === code.carriageReturn) last--
  return last
}

function readDelimiter(delimiter: string): number {
  if (/^[\t -~]$/.test(delimiter) && !/[A-Za-z0-9+."-]/.test(delimiter)) return delimiter.charCodeAt(0)
  const right = 'a tab or one ASCII character that is no letter, digit, quote, plus, minus or point would be right'
  throw new ConfigurationError(`Cannot make a CSV codec: the delimiter is ${found(delimiter)}, ${right}`)
}

function refuseNames(names: readonly string[]): void {
  if (names.length === 0) {
    throw new ConfigurationError('Cannot make a CSV codec: it has no columns, one or more would be right')
  }
  for (const name of names) {
    // An object would put a number before the other names, and __proto__ is no property of a literal.
    if (!/^(?:\d+|__proto__)$/.test(name)) continue
    throw new ConfigurationError(
      `Cannot make a CSV codec: a column is named ${found(name)}, a name such as "column1" would be right`,
    )
  }
}
