import { ProgramSchema } from '../../shared/codecs/avro/program-schema.ts'
import { describeNode, type FieldNode, type RecordNode, type SchemaNode } from '../../shared/codecs/avro/schema-node.ts'
import { found } from '../../shared/codecs/found.ts'
import { describeThrown } from '../../shared/model/errors.ts'
import { type AvroCodecOptions, avroCodec } from './avro-codec.ts'
import { avroOfJson, defaultOf, namesOf } from './avro-json.ts'
import { avroOfText } from './avro-texts.ts'
import { UsageError } from './command-line.ts'
import { columnLines } from './csv-columns.ts'
import type { CsvLinesOptions, CsvText } from './csv-lines.ts'
import { jsonLines, type KeyChoice, type LineFormat } from './line-format.ts'
import { MalformedLineError } from './malformed-line.ts'

/**
 * Makes Avro records of lines, of CSV where its options are given, else of JSON. Throws a sentence when the schema cannot be used, or cannot be
 * registered.
 */
export async function avroLines(
  options: AvroCodecOptions,
  csv: CsvLinesOptions | undefined,
  key: KeyChoice,
): Promise<LineFormat> {
  const { codec, text } = await avroCodec(options)
  const { node } = new ProgramSchema({ text })
  await codec.prepare?.([], new AbortController().signal)
  const encode = (value: unknown): Uint8Array => {
    try {
      return codec.encode(value)
    } catch (error) {
      if (error instanceof RangeError) throw new MalformedLineError(describeThrown(error))
      throw error
    }
  }
  if (csv === undefined) return jsonLines(key, { ofJson: value => encode(avroOfJson(node, value, '')) })
  const record = recordIn(node)
  return columnLines<FieldColumn>(csv, key, {
    fieldNames: record.fields.map(({ name }) => name),
    columnsOf: names => columnsOf(record, names),
    encode: (columns, texts, where) => encode(recordOf(columns, texts, where)),
  })
}

/** A field and the column that has it; without one its default is taken. */
type FieldColumn = { readonly field: FieldNode; readonly column: number | undefined }

/** Which column has which field. Columns that no field is named like are left out. */
function columnsOf(record: RecordNode, names: readonly string[]): readonly FieldColumn[] {
  return record.fields.map(field => {
    const column = names.findIndex(name => namesOf(field).includes(name))
    if (column >= 0) return { field, column }
    if (field.default !== undefined) return { field, column: undefined }
    throw new UsageError(
      `Cannot use the header: there is no column ${found(field.name)} and the schema has no default for it, expected one beside ${names.map(found).join(', ')}`,
    )
  })
}

function recordOf(columns: readonly FieldColumn[], texts: readonly CsvText[], where: (i: number) => string): object {
  const record: Record<string, unknown> = {}
  for (const { field, column } of columns) {
    record[field.name] =
      column === undefined ? defaultOf(field, field.name) : avroOfText(field.type, texts[column], where(column))
  }
  return record
}

function recordIn(node: SchemaNode): RecordNode {
  if (node.kind === 'record') return node
  throw new UsageError(`Cannot make Avro records of CSV: the schema is of ${describeNode(node)}, expected a record`)
}
