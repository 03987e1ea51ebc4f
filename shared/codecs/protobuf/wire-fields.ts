import { type DescField, type DescMessage, ScalarType } from '@bufbuild/protobuf'

/** How a value stands on the wire, as its tag says. */
export const wire = { varint: 0, eightBytes: 1, counted: 2, startGroup: 3, endGroup: 4, fourBytes: 5 } as const

/** What a message's fields must look like on the wire. */
export type WireMessage = {
  readonly name: string
  readonly fields: ReadonlyMap<number, WireField>
  /** Numbers of the fields that proto2 requires. */
  readonly required: readonly number[]
}

export type WireField = Shape & {
  /** As generated code has it. */
  readonly name: string
  readonly kind: 'single' | 'list' | 'map'
}

/** Of one value. */
type Shape = {
  readonly wireType: number
  /** For messages, e.g. `a varint of int32`. */
  readonly expected: string
  /** Of messages, groups and entries of maps. They may hold themselves, so that it is asked for when it is needed. */
  readonly message?: () => WireMessage
  /** Many may stand in one counted field. */
  readonly isPackable?: boolean
  /** `loose` where the library puts U+FFFD in place of what is not UTF-8. */
  readonly text?: 'strict' | 'loose'
  /** What it decodes to is a view of the record. */
  readonly isBytes?: boolean
}

/** google.protobuf.FeatureSet.FieldPresence.LEGACY_REQUIRED */
const legacyRequired = 3

const known = new WeakMap<DescMessage, WireMessage>()

export function wireMessage(desc: DescMessage): WireMessage {
  const made = known.get(desc)
  if (made !== undefined) return made
  const message = {
    name: desc.typeName,
    fields: new Map(desc.fields.map(field => [field.number, wireField(field)])),
    required: desc.fields.filter(({ presence }) => presence === legacyRequired).map(({ number }) => number),
  }
  known.set(desc, message)
  return message
}

function wireField(field: DescField): WireField {
  const { localName: name } = field
  if (field.fieldKind !== 'map') {
    const isGroup = 'delimitedEncoding' in field && field.delimitedEncoding
    return {
      name,
      kind: field.fieldKind === 'list' ? 'list' : 'single',
      ...shapeOf(field, field.utf8Validation, isGroup),
    }
  }
  const key: WireField = { name: 'key', kind: 'single', ...scalarShape(field.mapKey, field.utf8Validation) }
  const value: WireField = { name: 'value', kind: 'single', ...shapeOf(field, field.utf8Validation, false) }
  const entry: WireMessage = {
    name: `${field.parent.typeName}.${field.name}`,
    required: [],
    fields: new Map([
      [1, key],
      [2, value],
    ]),
  }
  return {
    name,
    kind: 'map',
    wireType: wire.counted,
    expected: 'the length and bytes of an entry',
    message: () => entry,
  }
}

type Value = { readonly scalar: ScalarType | undefined; readonly message: DescMessage | undefined }

function shapeOf({ scalar, message }: Value, isStrict: boolean, isGroup: boolean): Shape {
  // What is neither is an enum.
  if (message === undefined) return scalarShape(scalar ?? ScalarType.INT32, isStrict)
  return {
    wireType: isGroup ? wire.startGroup : wire.counted,
    expected: isGroup ? `a group of ${message.typeName}` : `the length and bytes of a message ${message.typeName}`,
    message: () => wireMessage(message),
  }
}

function scalarShape(scalar: ScalarType, isStrict: boolean): Shape {
  const type = ScalarType[scalar].toLowerCase()
  switch (scalar) {
    case ScalarType.STRING:
      return {
        wireType: wire.counted,
        expected: 'the length and bytes of a string',
        text: isStrict ? 'strict' : 'loose',
      }
    case ScalarType.BYTES:
      return { wireType: wire.counted, expected: 'the length and bytes of a bytes field', isBytes: true }
    case ScalarType.DOUBLE:
    case ScalarType.FIXED64:
    case ScalarType.SFIXED64:
      return { wireType: wire.eightBytes, expected: `the eight bytes of a ${type}`, isPackable: true }
    case ScalarType.FLOAT:
    case ScalarType.FIXED32:
    case ScalarType.SFIXED32:
      return { wireType: wire.fourBytes, expected: `the four bytes of a ${type}`, isPackable: true }
    default:
      return { wireType: wire.varint, expected: `a varint of ${type}`, isPackable: true }
  }
}
