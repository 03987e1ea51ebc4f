import assert from 'node:assert/strict'
import { type AvroLong, type AvroOptions, type AvroSchema, avro } from '../../../shared/codecs/avro/index.ts'
import { parseSchema } from '../../../shared/codecs/avro/parse-schema.ts'
import { ProgramSchema } from '../../../shared/codecs/avro/program-schema.ts'
import { ValueCoder } from '../../../shared/codecs/avro/value-coder.ts'
import type { Codec } from '../../../shared/codecs/codec.ts'
import { MalformedRecordError } from '../../../shared/model/errors.ts'

export const decode = <T>(codec: Codec<T>, bytes: Uint8Array): T => codec.decode(bytes, 0, bytes.length)

/** Bytes of one schema read as another: what a codec with a registry does. */
export function readAs(writer: AvroSchema, reader: AvroSchema, bytes: Uint8Array, long: AvroLong = 'number'): unknown {
  const read = new ProgramSchema(reader, long).readOf(parseSchema(writer, { isOwn: false }))
  return new ValueCoder().decode(read, bytes, 0, bytes.length)
}

/** What was written by one schema, read as another. */
export const reread = (writer: AvroSchema, reader: AvroSchema, value: unknown, long?: AvroLong): unknown =>
  readAs(writer, reader, avro<unknown>(writer).encode(value), long)

export function refusesToRead(
  codec: Codec<unknown>,
  bytes: Uint8Array | readonly number[],
  message: string | RegExp,
): void {
  const given = Buffer.from(bytes)
  assert.throws(() => decode(codec, given), { name: MalformedRecordError.name, message })
}

export function refusesToReread(
  writer: AvroSchema,
  reader: AvroSchema,
  value: unknown,
  message: string | RegExp,
): void {
  assert.throws(() => reread(writer, reader, value), { name: MalformedRecordError.name, message })
}

export function refusesToWrite(codec: Codec<unknown>, value: unknown, message: string | RegExp): void {
  assert.throws(() => codec.encode(value), { name: RangeError.name, message })
}

/** Written and read again. */
export const again = (schema: AvroSchema, value: unknown, options: AvroOptions = {}): unknown => {
  const codec = avro<unknown>(schema, options)
  return decode(codec, codec.encode(value))
}
