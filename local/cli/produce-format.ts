import { extname } from 'node:path'
import { CsvRowReader, type RowTaker } from '../../shared/codecs/files/csv-row-reader.ts'
import { LineReader } from '../../shared/codecs/files/line-reader.ts'
import type { AwsOptions } from './aws-options.ts'
import { UsageError } from './command-line.ts'
import { delimiterCode } from './csv-lines.ts'
import { csvLines, jsonLines, jsonOfTexts, type KeyChoice, type LineFormat, plainLines } from './line-format.ts'
import { keyColumn, keyOfPlace, keyText } from './lines-to-records.ts'
import { checkRegistry, defaultSubject, registryOf } from './registry-source.ts'
import { checkSchemaOptions, refuseOptions, type SchemaOptions, schemaCodecName } from './schema-options.ts'

export type ProduceOptions = AwsOptions &
  SchemaOptions & {
    readonly file?: string
    /** A TCP server in place of a file. */
    readonly connect?: string
    readonly codec?: string
    readonly from?: string
    readonly header?: true
    readonly delimiter?: string
    readonly subject?: string
    readonly skipMalformed?: true
    readonly rate?: string
    readonly key?: string
    readonly keyColumn?: string
    readonly keyText?: string
    readonly aggregate?: true
    readonly end?: true
    readonly json?: true
  }

type CodecName = 'text' | 'json' | 'csv' | 'avro' | 'protobuf'
type LinesName = 'text' | 'csv' | 'json'

const codecNames: readonly CodecName[] = ['text', 'json', 'csv', 'avro', 'protobuf']
const linesNames: readonly LinesName[] = ['text', 'csv', 'json']

/** Throws a UsageError when the options do not go together: before anything is opened. */
export function checkFormat(options: ProduceOptions): void {
  const codec = codecOf(options)
  const from = linesOf(options, codec)
  keyOf(options)
  checkRegistry(options)
  checkSchemaOptions(options)
  const what = schemaCodecName(codec)
  if (what !== undefined && options.schema === undefined) {
    throw new UsageError(`Cannot put ${what} records: there is no schema, add --schema FILE`)
  }
  if (options.registry === undefined)
    refuseOptions(options, ['subject'], 'it is about a registry, add --registry PLACE')
  if (from !== 'csv') {
    refuseOptions(options, ['delimiter'], 'it is about CSV, add --from csv')
    if (from === 'json') refuseOptions(options, ['header'], 'lines of JSON have none, leave it out')
  }
  if (from === 'text' && options.key !== undefined) {
    throw new UsageError(
      `Cannot use --key "${options.key}": lines of text have no fields, add --from csv or --from json, or use --key-text`,
    )
  }
  if (codec === 'json' && from === 'csv' && !options.header) {
    throw new UsageError('Cannot make JSON of CSV: the columns have no names, add --header')
  }
}

/** What makes records of the lines. Throws a sentence when the schema cannot be used. */
export async function formatOf(options: ProduceOptions, stream: string): Promise<LineFormat> {
  const codec = codecOf(options)
  const from = linesOf(options, codec)
  const key = keyOf(options)
  const { header: hasHeader = false } = options
  const csv = { delimiter: delimiterOf(options), hasHeader }
  const { schema } = options
  if (schema !== undefined) {
    const registry = await registryOf(options)
    const source = { ...options, schema, registry, subject: options.subject ?? defaultSubject(options, stream) }
    const columns = from === 'csv' ? csv : undefined
    if (codec === 'avro') return (await import('./avro-lines.ts')).avroLines(source, columns, key)
    return (await import('./protobuf-lines.ts')).protobufLines(source, columns, key)
  }
  if (from === 'csv') return csvLines(csv, key, codec === 'json' ? jsonOfTexts : undefined)
  if (from === 'json') return jsonLines(key, undefined)
  return plainLines(key.kind === 'line' ? key.keyOf : keyOfPlace, hasHeader)
}

/** What cuts the input into lines, or into the rows of CSV, in which lines may end within quotes. */
export function readerOf(options: ProduceOptions, taker: RowTaker): LineReader | CsvRowReader {
  if (linesOf(options, codecOf(options)) !== 'csv') return new LineReader(taker, true)
  return new CsvRowReader(taker, delimiterCode(delimiterOf(options)), true)
}

const delimiterOf = ({ delimiter, file = '' }: ProduceOptions): string =>
  delimiter ?? (extname(file).toLowerCase() === '.tsv' ? 'tab' : ',')

function codecOf({ codec = 'text' }: ProduceOptions): CodecName {
  const name = codecNames.find(each => each === codec)
  if (name !== undefined) return name
  throw new UsageError(`Cannot use --codec "${codec}": expected one of ${codecNames.join(', ')}`)
}

/** Lines that are put as they are need not be understood, unless a field of theirs is asked for. */
function linesOf({ from, file = '', key, delimiter }: ProduceOptions, codec: CodecName): LinesName {
  if (from === undefined) {
    if (codec === 'csv' || (codec === 'text' && delimiter !== undefined)) return 'csv'
    if (codec === 'text' && key === undefined) return 'text'
    return byExtension[extname(file).toLowerCase()] ?? (codec === 'text' ? 'text' : 'json')
  }
  const name = linesNames.find(each => each === from)
  if (name === undefined) {
    throw new UsageError(`Cannot use --from "${from}": expected one of ${linesNames.join(', ')}`)
  }
  const wrong = codec === 'csv' ? name !== 'csv' : codec !== 'text' && name === 'text'
  if (!wrong) return name
  const right = codec === 'csv' ? 'csv' : 'csv or json'
  throw new UsageError(`Cannot use --from ${name} with --codec ${codec}: expected --from ${right}`)
}

const byExtension: Readonly<Record<string, LinesName>> = {
  '.csv': 'csv',
  '.tsv': 'csv',
  '.json': 'json',
  '.jsonl': 'json',
  '.ndjson': 'json',
}

function keyOf({ key, keyColumn: column, keyText: text }: ProduceOptions): KeyChoice {
  const given = Object.entries({ '--key': key, '--key-column': column, '--key-text': text }).filter(
    ([, value]) => value !== undefined,
  )
  if (given.length > 1) {
    throw new UsageError(`Cannot use ${given[0][0]} and ${given[1][0]}: they exclude each other, give one of them`)
  }
  if (key === '') throw new UsageError('Cannot use --key "": it is no name of a field, expected one or a number')
  if (key !== undefined) return { kind: 'field', field: key }
  if (text !== undefined) return { kind: 'line', keyOf: keyText(text) }
  return { kind: 'line', keyOf: column === undefined ? keyOfPlace : keyColumn(column) }
}
