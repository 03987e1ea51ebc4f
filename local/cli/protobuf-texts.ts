import { type DescField, type DescMessage, type JsonValue, ScalarType } from '@bufbuild/protobuf'
import { isWrapperDesc } from '@bufbuild/protobuf/wkt'
import { found } from '../../shared/codecs/found.ts'
import type { CsvText } from './csv-lines.ts'
import { jsonOf } from './json-text.ts'
import { MalformedLineError } from './malformed-line.ts'
import { jsonValue } from './protobuf-json.ts'

/**
 * The JSON of a field that a column's text stands for, as protobuf's own JSON has it: numbers in decimal, `true` or `false`, bytes in base64,
 * enums by name or number, times in ISO 8601, which are UTC without a zone; lists, maps and other messages as JSON. Undefined where nothing
 * at all stands: then the field is not there. Throws a MalformedLineError at `where` for what is not even of this form.
 */
export function jsonOfField(field: DescField, { text, quoted }: CsvText, where: string): JsonValue | undefined {
  if (text === '' && !quoted) return undefined
  if (field.fieldKind === 'scalar') return ofScalar(field.scalar, text)
  if (field.fieldKind === 'enum') return ofEnum(text)
  if (field.fieldKind === 'message' && isText(field.message)) return ofText(field.message, text)
  try {
    return jsonValue(jsonOf(text))
  } catch (error) {
    if (!(error instanceof MalformedLineError)) throw error
    throw new MalformedLineError(`${where}: found ${found(text)}, expected ${expectedOf(field)}`)
  }
}

/** What a column of the field holds, for messages. */
export function expectedOf(field: DescField): string {
  switch (field.fieldKind) {
    case 'scalar':
      return scalarText(field.scalar)
    case 'enum':
      return `one of ${field.enum.values.map(({ name }) => found(name)).join(', ')}, or a number`
    case 'list':
      return 'an array as JSON'
    case 'map':
      return 'an object as JSON'
    case 'message':
      return messageText(field.message)
  }
}

function scalarText(scalar: ScalarType): string {
  switch (scalar) {
    case ScalarType.BOOL:
      return 'a boolean, true or false'
    case ScalarType.BYTES:
      return 'bytes in base64'
    default: {
      const name = ScalarType[scalar].toLowerCase()
      return `${/^[aeiou]/.test(name) ? 'an' : 'a'} ${name}`
    }
  }
}

function messageText(message: DescMessage): string {
  const { typeName } = message
  if (typeName === timestamp) return 'a time such as 2016-03-22T20:25:28Z'
  if (typeName === 'google.protobuf.Duration') return 'seconds such as 1.5s'
  if (isWrapperDesc(message)) return scalarText(message.fields[0].scalar)
  return isText(message) ? typeName : `message ${typeName} as JSON`
}

const timestamp = 'google.protobuf.Timestamp'

/** Messages of Google's own that JSON has as texts or other plain values. */
const isText = (message: DescMessage): boolean =>
  [timestamp, 'google.protobuf.Duration', 'google.protobuf.FieldMask'].includes(message.typeName) ||
  isWrapperDesc(message)

function ofText(message: DescMessage, text: string): JsonValue {
  if (isWrapperDesc(message)) return ofScalar(message.fields[0].scalar, text)
  if (message.typeName !== timestamp) return text
  const [, date, time, second = ':00', zone = 'Z'] = isoTime.exec(text) ?? []
  return date === undefined ? text : `${date}T${time}${second}${zone}`
}

const isoTime = /^(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2})(:\d{2}(?:\.\d+)?)?(Z|[+-]\d{2}:\d{2})?$/

/** Numbers may be texts in protobuf's JSON, and lose no digits so. */
function ofScalar(scalar: ScalarType, text: string): JsonValue {
  if (scalar !== ScalarType.BOOL) return text
  if (/^true$/i.test(text)) return true
  return /^false$/i.test(text) ? false : text
}

const ofEnum = (text: string): JsonValue => (/^-?\d{1,10}$/.test(text) ? Number(text) : text)
