import { isUtf8 } from 'node:buffer'
import type { Codec } from '../../shared/codecs/codec.ts'
import { foundBytes } from '../../shared/codecs/found.ts'
import { MalformedRecordError } from '../../shared/model/errors.ts'
import { UsageError } from './command-line.ts'
import { CsvLines } from './csv-lines.ts'
import { jsonOf } from './json-text.ts'
import { MalformedLineError } from './malformed-line.ts'
import { checkRegistry, type RegistryOptions, registryOf } from './registry-source.ts'
import { checkSchemaOptions, type SchemaOptions, schemaCodecName } from './schema-options.ts'
import { jsonText, withoutLineBreak } from './value-text.ts'

export type ValueOptions = SchemaOptions & RegistryOptions & { readonly codec?: string }

/** How the values of records are read. */
export type RecordValues = {
  /** As `Codec.prepare`, for one record. */
  prepare(data: Uint8Array, signal: AbortSignal): Promise<void> | undefined
  /** Throws a MalformedRecordError. */
  valueOf(data: Uint8Array): unknown
  /** The value on one line. */
  textOf(value: unknown, data: Uint8Array): string
}

const codecNames = ['text', 'json', 'csv', 'avro', 'protobuf']

/** Throws a UsageError when the options do not go together. */
export function checkValues(options: ValueOptions): void {
  const { codec, schema, registry } = options
  if (codec !== undefined && !codecNames.includes(codec)) {
    throw new UsageError(`Cannot use --codec "${codec}": expected one of ${codecNames.join(', ')}`)
  }
  checkRegistry(options)
  checkSchemaOptions(options)
  const what = schemaCodecName(codec)
  if (what === undefined || schema !== undefined || registry !== undefined) return
  throw new UsageError(`Cannot read ${what} records: there is no schema, add --schema FILE or --registry PLACE`)
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
    case 'avro': {
      const { avroCodec } = await import('./avro-codec.ts')
      return ofCodec((await avroCodec({ ...options, registry: await registryOf(options) })).codec)
    }
    case 'protobuf': {
      const { protobufValues } = await import('./protobuf-values.ts')
      return protobufValues(options, await registryOf(options))
    }
    default:
      return { ...plain, valueOf: data => ofText('text', data, text => text), textOf: value => String(value) }
  }
}

const ofCodec = (codec: Codec<unknown>): RecordValues => ({
  prepare: (data, signal) => codec.prepare?.([data], signal),
  valueOf: data => codec.decode(data, 0, data.length),
  textOf: jsonText,
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
