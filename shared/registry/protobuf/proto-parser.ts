import protobuf from 'protobufjs'
import type { ProtoEnum, ProtoField, ProtoFile, ProtoMessage, ProtoType } from './proto-file.ts'

/** Reads a .proto file by protobuf.js. Throws an Error that says what is wrong. */
export function parseProto(text: string): ProtoFile {
  const root = new protobuf.Root()
  const parsed = protobuf.parse(text, root, { keepCase: true })
  const packageName = parsed.package ?? ''
  const space = packageName === '' ? root : root.lookup(packageName)
  const types = space instanceof protobuf.Namespace ? typesIn(space) : []
  return {
    syntax: syntaxOf(text),
    packageName,
    imports: [...(parsed.imports ?? []), ...(parsed.weakImports ?? [])],
    types,
  }
}

/** Before a comment can be anything but a comment: the statement comes first. */
function syntaxOf(text: string): ProtoFile['syntax'] {
  const [, word, value] =
    /^(?:\s|\/\/[^\n]*\n|\/\*[\s\S]*?\*\/)*(syntax|edition)\s*=\s*["']([^"']*)["']/.exec(text) ?? []
  if (word === 'edition') return 'editions'
  if (value !== undefined && value !== 'proto2' && value !== 'proto3') {
    throw new Error(`found syntax "${value}", expected "proto2" or "proto3"`)
  }
  return value ?? 'proto2'
}

const typesIn = (space: protobuf.NamespaceBase): readonly ProtoType[] =>
  space.nestedArray.flatMap((nested): readonly ProtoType[] => {
    if (nested instanceof protobuf.Type) return [messageOf(nested)]
    return nested instanceof protobuf.Enum ? [enumOf(nested)] : []
  })

function messageOf(type: protobuf.Type): ProtoMessage {
  const fields = type.fieldsArray.map(fieldOf)
  checkNumbers(type.name, fields)
  const oneofs = type.oneofsArray.filter(oneof => !isForOptional(oneof)).map(({ name }) => name)
  return { kind: 'message', name: type.name, fields, oneofs, types: typesIn(type) }
}

function fieldOf(field: protobuf.FieldBase): ProtoField {
  const oneof = field.partOf !== null && !isForOptional(field.partOf) ? field.partOf.name : undefined
  return {
    name: field.name,
    number: field.id,
    label: field.repeated ? 'repeated' : isRequired(field) ? 'required' : 'optional',
    type: field.type,
    ...(field instanceof protobuf.MapField && { keyType: field.keyType }),
    ...(oneof !== undefined && { oneof }),
    ...(field.options?.proto3_optional === true && { isOptional: true as const }),
  }
}

/** Proto2 has a word for it, editions a feature. */
const isRequired = (field: protobuf.FieldBase): boolean =>
  (field instanceof protobuf.Field && field.rule === 'required') ||
  field.options?.features?.field_presence === 'LEGACY_REQUIRED'

/** An `optional` of proto3 is a oneof with one field, which nobody wrote. */
const isForOptional = (oneof: protobuf.OneOf): boolean =>
  oneof.fieldsArray.length === 1 && oneof.fieldsArray[0]?.options?.proto3_optional === true

const enumOf = ({ name, values }: protobuf.Enum): ProtoEnum => ({
  kind: 'enum',
  name,
  constants: Object.entries(values).map(([constant, number]) => ({ name: constant, number })),
})

function checkNumbers(name: string, fields: readonly ProtoField[]): void {
  const seen = new Map<number, string>()
  for (const field of fields) {
    const other = seen.get(field.number)
    if (other !== undefined)
      throw new Error(`fields "${other}" and "${field.name}" of message "${name}" have the same number`)
    seen.set(field.number, field.name)
  }
}
