import { Buffer } from 'node:buffer'
import { create, toBinary } from '@bufbuild/protobuf'
import {
  type DescriptorProto,
  DescriptorProtoSchema,
  EnumDescriptorProtoSchema,
  FieldDescriptorProtoSchema,
  FileDescriptorProtoSchema,
  FieldDescriptorProto_Label as Label,
  MessageOptionsSchema,
  OneofDescriptorProtoSchema,
  FieldDescriptorProto_Type as Type,
} from '@bufbuild/protobuf/wkt'
import type { ProtoEnum, ProtoField, ProtoFile, ProtoMessage, ProtoType } from './proto-file.ts'
import type { ProtoTypes } from './proto-types.ts'

/** A .proto file's descriptor in base64: its messages and enums, without options and services. Throws an Error for one of an edition. */
export function serializedProto(file: ProtoFile, types: ProtoTypes): string {
  if (file.syntax === 'editions') throw new Error('a file of an edition is not given as a descriptor, ask for its text')
  const { packageName, imports, syntax } = file
  const descriptor = create(FileDescriptorProtoSchema, {
    name: 'default.proto',
    package: packageName,
    dependency: [...imports],
    syntax: syntax === 'proto2' ? '' : syntax,
    messageType: file.types.filter(isMessage).map(message => messageOf(message, packageName, types)),
    enumType: file.types.filter(isEnum).map(enumOf),
  })
  return Buffer.from(toBinary(FileDescriptorProtoSchema, descriptor)).toString('base64')
}

/** The compiler makes a message of each map's entries, and a oneof of each `optional` of proto3, after those that were written. */
function messageOf(message: ProtoMessage, outer: string, types: ProtoTypes): DescriptorProto {
  const fullName = outer === '' ? message.name : `${outer}.${message.name}`
  const optional = message.fields.filter(field => field.isOptional).map(({ name }) => `_${name}`)
  const oneofs = [...message.oneofs, ...optional]
  const maps = message.fields.filter(({ keyType }) => keyType !== undefined)
  return create(DescriptorProtoSchema, {
    name: message.name,
    field: message.fields.map(field => {
      const oneof = field.isOptional ? `_${field.name}` : field.oneof
      const index = oneof === undefined ? -1 : oneofs.indexOf(oneof)
      return {
        ...fieldOf(
          field.keyType === undefined
            ? field
            : { ...field, label: 'repeated', type: `.${fullName}.${entryName(field)}` },
          fullName,
          types,
        ),
        ...(index >= 0 && { oneofIndex: index }),
        ...(field.isOptional && { proto3Optional: true }),
      }
    }),
    oneofDecl: oneofs.map(name => create(OneofDescriptorProtoSchema, { name })),
    nestedType: [
      ...message.types.filter(isMessage).map(nested => messageOf(nested, fullName, types)),
      ...maps.map(field => entryOf(field, fullName, types)),
    ],
    enumType: message.types.filter(isEnum).map(enumOf),
  })
}

function entryOf(field: ProtoField, scope: string, types: ProtoTypes): DescriptorProto {
  const key: ProtoField = { name: 'key', number: 1, label: 'optional', type: field.keyType ?? '' }
  const value: ProtoField = { name: 'value', number: 2, label: 'optional', type: field.type }
  return create(DescriptorProtoSchema, {
    name: entryName(field),
    field: [key, value].map(each => fieldOf(each, scope, types)),
    options: create(MessageOptionsSchema, { mapEntry: true }),
  })
}

/** As the compiler names it: `by_id` has entries `ByIdEntry`. */
const entryName = ({ name }: ProtoField): string =>
  `${name.replace(/(^|_)([a-z0-9])/gi, (_, __, letter: string) => letter.toUpperCase())}Entry`

const labels = { optional: Label.OPTIONAL, required: Label.REQUIRED, repeated: Label.REPEATED } as const

function fieldOf({ name, number, label, type }: ProtoField, scope: string, types: ProtoTypes) {
  const scalar = Object.entries(Type).find(([key]) => key.toLowerCase() === type)?.[1]
  const common = { name, number, label: labels[label] }
  if (typeof scalar === 'number') return create(FieldDescriptorProtoSchema, { ...common, type: scalar })
  const found = types.resolve(type, scope)
  // What is not among the file's types is of Google's own files, which have messages and one enum.
  const isEnumType = found === undefined ? type.endsWith('NullValue') : found.type.kind === 'enum'
  const typeName = `.${found?.fullName ?? type.replace(/^\./, '')}`
  return create(FieldDescriptorProtoSchema, { ...common, type: isEnumType ? Type.ENUM : Type.MESSAGE, typeName })
}

const enumOf = ({ name, constants }: ProtoEnum) =>
  create(EnumDescriptorProtoSchema, { name, value: constants.map(each => ({ ...each })) })

const isMessage = (type: ProtoType): type is ProtoMessage => type.kind === 'message'
const isEnum = (type: ProtoType): type is ProtoEnum => type.kind === 'enum'
