import type { SchemaFormat, SchemaType } from './schema-format.ts'

/** The formats are loaded when the first schema of their type comes: protobuf's parser is large. */
export async function formatOf(type: SchemaType): Promise<SchemaFormat> {
  if (type === 'AVRO') return (await import('./avro/avro-format.ts')).avroFormat
  if (type === 'JSON') return (await import('./json/json-format.ts')).jsonFormat
  return (await import('./protobuf/protobuf-format.ts')).protobufFormat
}
