import { isUtf8 } from 'node:buffer'
import { found } from '../../shared/codecs/found.ts'
import { limits } from '../../shared/model/limits.ts'
import { UsageError } from './command-line.ts'
import { CsvLines, type CsvLinesOptions, type CsvText } from './csv-lines.ts'
import { jsonOf, keyTextOf } from './json-text.ts'
import type { PartitionKey } from './lines-to-records.ts'
import { MalformedLineError } from './malformed-line.ts'

/** What a line becomes. Without a key it gets one by its number. */
export type Formatted = { readonly data: Uint8Array; readonly key: string | undefined }

/**
 * Makes records of the lines of one input, in their order. Undefined for a line that is none: a header, a blank. Throws a
 * MalformedLineError for one that cannot be read; any other error is about all lines.
 */
export type LineFormat = (line: Buffer) => Formatted | undefined

/** Where a record's partition key comes from: from the line as it stands, or from a field of its value. */
export type KeyChoice =
  | { readonly kind: 'line'; readonly keyOf: PartitionKey }
  | { readonly kind: 'field'; readonly field: string }

/** Makes a record's bytes of what was read. */
export type ValueEncoder = {
  ofTexts(texts: readonly CsvText[], names: readonly string[] | undefined, where: (index: number) => string): Uint8Array
  ofJson(value: unknown): Uint8Array
}

/** Lines as they are, whatever they hold. */
export const plainLines =
  (keyOf: PartitionKey, hasHeader: boolean): LineFormat =>
  line => {
    if (!hasHeader) return { data: line, key: keyOf(line) }
    hasHeader = false
    return undefined
  }

/** Lines of CSV; without an encoder they are records as they stand. */
export function csvLines(
  options: CsvLinesOptions,
  key: KeyChoice,
  encoder: Pick<ValueEncoder, 'ofTexts'> | undefined,
): LineFormat {
  let column: number | undefined
  const onNames = (names: readonly string[]): void => {
    options.onNames?.(names)
    if (key.kind === 'field') column = columnNamed(key.field, names)
  }
  const lines = new CsvLines({ ...options, onNames })
  if (key.kind === 'field' && lines.names === undefined && !options.hasHeader) column = columnNumbered(key.field)
  const where = (index: number): string => lines.where(index)
  return line => {
    const texts = lines.read(line)
    if (texts === undefined) return undefined
    if (column !== undefined && column >= texts.length) {
      throw new MalformedLineError(
        `found ${texts.length} columns, expected ${column + 1} or more for the partition key`,
      )
    }
    const data = encoder === undefined ? line : encoder.ofTexts(texts, lines.names, where)
    const keyOfLine = key.kind === 'line' ? key.keyOf(line) : keyFrom(texts[column ?? 0].text)
    return { data, key: keyOfLine }
  }
}

/** Lines of JSON; without an encoder they are records as they stand. */
export const jsonLines =
  (key: KeyChoice, encoder: Pick<ValueEncoder, 'ofJson'> | undefined): LineFormat =>
  line => {
    if (!isUtf8(line)) throw new MalformedLineError('found bytes that are not UTF-8, expected JSON')
    const text = line.toString('utf8')
    if (text.trim() === '') return undefined
    const value = jsonOf(text)
    const keyOfLine = key.kind === 'line' ? key.keyOf(line) : fieldOf(value, key.field)
    return { data: encoder === undefined ? line : encoder.ofJson(value), key: keyOfLine }
  }

/** An object of the columns' texts by their names. */
export const jsonOfTexts: Pick<ValueEncoder, 'ofTexts'> = {
  ofTexts: (texts, names = []) =>
    Buffer.from(JSON.stringify(Object.fromEntries(texts.map(({ text }, i) => [names[i], text])))),
}

function columnNamed(field: string, names: readonly string[]): number {
  const at = names.indexOf(field)
  if (at >= 0) return at
  const number = /^\d{1,5}$/.test(field) ? Number(field) : 0
  if (number >= 1 && number <= names.length) return number - 1
  throw new UsageError(`Cannot use --key "${field}": there is no such column, expected one of ${names.join(', ')}`)
}

function columnNumbered(field: string): number {
  const number = /^\d{1,5}$/.test(field) ? Number(field) : 0
  if (number >= 1) return number - 1
  throw new UsageError(
    `Cannot use --key "${field}": the columns have no names, add --header or give the number of a column, 1 is the first`,
  )
}

function fieldOf(value: unknown, field: string): string | undefined {
  if (typeof value === 'object' && value !== null && Object.hasOwn(value, field)) {
    const part: unknown = Reflect.get(value, field)
    return part === null ? undefined : keyFrom(keyTextOf(part))
  }
  throw new MalformedLineError(`field ${found(field)}: found none, expected a partition key`)
}

/** An empty one is none, and one that is too long is cut. */
const keyFrom = (text: string): string | undefined =>
  text === '' ? undefined : text.toWellFormed().slice(0, limits.partitionKeyCharacters).toWellFormed()
