export { type AvroOfOptions, type AvroOptions, avro, avroOf } from './avro.ts'
export {
  type AvroFileHeader,
  type AvroFileOptions,
  avroFile,
  readAvroFile,
  readAvroFileHeader,
} from './avro-file.ts'
export type { AvroDuration, AvroLong, AvroSchema, AvroValue } from './avro-value.ts'
export type { FileCodec as AvroFileCodec } from './file-blocks.ts'
export type { AvroText } from './program-schema.ts'
