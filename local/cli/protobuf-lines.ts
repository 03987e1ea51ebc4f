import type { DescField, DescMessage, JsonValue } from '@bufbuild/protobuf'
import { found } from '../../shared/codecs/found.ts'
import type { SchemaSource } from '../../shared/codecs/framing/schema-source.ts'
import { protobuf } from '../../shared/codecs/protobuf/index.ts'
import { describeThrown } from '../../shared/model/errors.ts'
import { UsageError } from './command-line.ts'
import { columnLines } from './csv-columns.ts'
import type { CsvLinesOptions, CsvText } from './csv-lines.ts'
import { jsonLines, type KeyChoice, type LineFormat } from './line-format.ts'
import { MalformedLineError } from './malformed-line.ts'
import { messageOfFile, type ProtoMessage } from './proto-file.ts'
import { jsonValue, messageOfJson } from './protobuf-json.ts'
import { expectedOf, jsonOfField } from './protobuf-texts.ts'

export type ProtobufLinesOptions = {
  /** The .proto file. */
  readonly schema: string
  /** Which message of it. @default the only one */
  readonly message?: string | undefined
  readonly registry: SchemaSource | undefined
  /** Under which the file is registered before the first message is written. */
  readonly subject: string
}

/**
 * Makes protobuf messages of lines, of CSV where its options are given, else of JSON. Throws a sentence when the schema cannot be used, or
 * cannot be registered.
 */
export async function protobufLines(
  { schema: file, message: name, registry, subject }: ProtobufLinesOptions,
  csv: CsvLinesOptions | undefined,
  key: KeyChoice,
): Promise<LineFormat> {
  const proto = await messageOfFile(file, name)
  const { message, types, schema } = proto
  const codec = protobuf(message, registry === undefined ? {} : { registry, subject, proto: schema })
  await codec.prepare?.([], new AbortController().signal)
  const encode = (json: JsonValue): Uint8Array => {
    const value = messageOfJson(message, json, types)
    try {
      return codec.encode(value)
    } catch (error) {
      if (error instanceof RangeError) throw new MalformedLineError(describeThrown(error))
      throw error
    }
  }
  if (csv === undefined) return jsonLines(key, { ofJson: value => encode(jsonValue(value)) })
  return columnLines<FieldColumn>(csv, key, {
    fieldNames: message.fields.map(field => field.name),
    columnsOf: names => columnsOf(message, names),
    encode: (columns, texts, where) => {
      const json = jsonOfRow(columns, texts, where)
      try {
        return encode(json)
      } catch (error) {
        if (error instanceof MalformedLineError) refuseColumn(proto, columns, texts, json, where)
        throw error
      }
    },
  })
}

type FieldColumn = { readonly field: DescField; readonly column: number }

/** Which columns have fields. Others are left out, and fields without a column too. */
function columnsOf({ fields, typeName }: DescMessage, names: readonly string[]): readonly FieldColumn[] {
  const columns = names.flatMap((name, column) => {
    const field = fields.find(each => each.name === name) ?? fields.find(each => each.jsonName === name)
    return field === undefined ? [] : [{ field, column }]
  })
  const twice = columns.find(({ field }, i) => columns.findIndex(each => each.field === field) < i)
  if (twice !== undefined) {
    throw new UsageError(
      `Cannot use the header: two columns are field ${found(twice.field.name)}, expected one for each field`,
    )
  }
  if (columns.length > 0) return columns
  throw new UsageError(
    `Cannot use the header: no column is named like a field of ${typeName}, expected some of ${fields.map(({ name }) => found(name)).join(', ')}`,
  )
}

type Where = (index: number) => string

function jsonOfRow(
  columns: readonly FieldColumn[],
  texts: readonly CsvText[],
  where: Where,
): Record<string, JsonValue> {
  const json: Record<string, JsonValue> = {}
  for (const { field, column } of columns) {
    const value = jsonOfField(field, texts[column], where(column))
    if (value !== undefined) json[field.name] = value
  }
  return json
}

/** Throws a MalformedLineError for the first column that is wrong by itself. */
function refuseColumn(
  { message, types }: ProtoMessage,
  columns: readonly FieldColumn[],
  texts: readonly CsvText[],
  json: Record<string, JsonValue>,
  where: Where,
): void {
  for (const { field, column } of columns) {
    if (!(field.name in json)) continue
    try {
      messageOfJson(message, { [field.name]: json[field.name] }, types)
    } catch (error) {
      if (!(error instanceof MalformedLineError)) throw error
      throw new MalformedLineError(
        `${where(column)}: found ${found(texts[column].text)}, expected ${expectedOf(field)}`,
      )
    }
  }
}
