import { avro, avroOf } from '../../shared/codecs/avro/index.ts'
import type { Codec } from '../../shared/codecs/codec.ts'
import type { SchemaSource } from '../../shared/codecs/framing/schema-source.ts'
import { ConfigurationError } from '../../shared/model/errors.ts'
import { UsageError } from './command-line.ts'
import { schemaText } from './schema-options.ts'

export type AvroCodecOptions = {
  /** The file with the schema that values are read as, and written by. Without one, each is read by its own, which the registry has. */
  readonly schema?: string | undefined
  readonly registry: SchemaSource | undefined
  /** Under which the schema is registered before the first value is written. */
  readonly subject?: string | undefined
}

/** Avro as the options say, and the text of the schema. Throws a sentence when the schema cannot be used. */
export async function avroCodec({
  schema: file,
  registry,
  subject,
}: AvroCodecOptions): Promise<{ readonly codec: Codec<unknown>; readonly text: string }> {
  if (file === undefined) {
    if (registry === undefined) throw new UsageError('Cannot read Avro records: there is no schema, add --schema FILE')
    return { codec: avroOf({ registry }), text: '' }
  }
  const text = await schemaText(file)
  const source = registry === undefined ? {} : { registry, ...(subject === undefined ? {} : { subject }) }
  try {
    return { codec: avro({ text }, { long: 'either', ...source }), text }
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error
    const place = `Cannot use the schema of file "${file}"`
    throw new UsageError(error.message.replace(/^Cannot read an Avro schema/, place), { cause: error })
  }
}
