import { isUtf8 } from 'node:buffer'
import type { Codec } from '../../shared/codecs/codec.ts'
import { foundBytes } from '../../shared/codecs/found.ts'
import { MalformedRecordError } from '../../shared/model/errors.ts'
import { UsageError } from './command-line.ts'
import { CsvLines } from './csv-lines.ts'
import { jsonOf } from './json-text.ts'
import { MalformedLineError } from './malformed-line.ts'
import { checkRegistry, refuseOptions, type SchemaOptions } from './schema-options.ts'
import { jsonText, withoutLineBreak } from './value-text.ts'

export type ValueOptions = SchemaOptions & { readonly codec?: string }

/** How the values of records are read. */
export type RecordValues = {
  /** As `Codec.prepare`, for one record. */
  prepare(data: Uint8Array, signal: AbortSignal): Promise<void> | undefined
  /** Throws a MalformedRecordError. */
  valueOf(data: Uint8Array): unknown
  /** The value on one line. */
  textOf(value: unknown, data: Uint8Array): string
}

const codecNames = ['text', 'json', 'csv', 'avro']

/** Throws a UsageError when the options do not go together. */
export function checkValues(options: ValueOptions): void {
  const { codec, schema, registry } = options
  if (codec !== undefined && !codecNames.includes(codec)) {
    throw new UsageError(`Cannot use --codec "${codec}": expected one of ${codecNames.join(', ')}`)
  }
  checkRegistry(registry)
  if (codec !== 'avro') return refuseOptions(options, ['schema', 'registry'], 'it is about Avro, add --codec avro')
  if (schema === undefined && registry === undefined) {
    throw new UsageError('Cannot read Avro records: there is no schema, add --schema FILE or --registry URL')
  }
}

/** Undefined where no codec is asked for: then records are shown as they are. */
export async function valuesOf(options: ValueOptions): Promise<RecordValues | undefined> {
  switch (options.codec) {
    case undefined:
      return undefined
    case 'json':
      return {
        ...plain,
        valueOf: data => ofText('JSON', data, jsonOf),
        textOf: (value, data) => jsonLineOf(value, data),
      }
    case 'csv': {
      const lines = new CsvLines({ delimiter: ',', hasHeader: false, isUniform: false })
      const columns = (text: string) => lines.read(Buffer.from(text))?.map(column => column.text) ?? []
      return { ...plain, valueOf: data => ofText('CSV', data, columns), textOf: (_, data) => withoutLineBreak(data) }
    }
    case 'avro':
      return ofCodec(await codecOf(options))
    default:
      return { ...plain, valueOf: data => ofText('text', data, text => text), textOf: value => String(value) }
  }
}

async function codecOf({ schema, registry }: ValueOptions): Promise<Codec<unknown>> {
  const { avroCodec } = await import('./avro-codec.ts')
  return (await avroCodec({ schema, registry })).codec
}

const ofCodec = (codec: Codec<unknown>): RecordValues => ({
  prepare: (data, signal) => codec.prepare?.([data], signal),
  valueOf: data => codec.decode(data, 0, data.length),
  textOf: value => jsonText(value),
})

const plain = { prepare: () => undefined }

function ofText<T>(what: string, data: Uint8Array, read: (text: string) => T): T {
  if (!isUtf8(data)) {
    throw new MalformedRecordError(`Cannot read ${what}: found ${foundBytes(data, 0, data.length)}, expected UTF-8`)
  }
  try {
    return read(withoutLineBreak(data))
  } catch (error) {
    if (!(error instanceof MalformedLineError)) throw error
    throw new MalformedRecordError(`Cannot read ${what}: ${error.message}`, { cause: error })
  }
}

/** JSON that stands on several lines is put on one. */
function jsonLineOf(value: unknown, data: Uint8Array): string {
  const text = withoutLineBreak(data)
  return /[\r\n]/.test(text) ? jsonText(value) : text
}
