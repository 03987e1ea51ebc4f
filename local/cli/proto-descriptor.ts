import { create, fromJson, type JsonValue } from '@bufbuild/protobuf'
import {
  type DescriptorProto,
  DescriptorProtoSchema,
  Edition,
  type EnumDescriptorProto,
  EnumDescriptorProtoSchema,
  type FeatureSet,
  FeatureSetSchema,
  type FieldDescriptorProto,
  FieldDescriptorProtoSchema,
  type FileDescriptorProto,
  FileDescriptorProtoSchema,
  FieldDescriptorProto_Label as Label,
  FieldDescriptorProto_Type as Type,
} from '@bufbuild/protobuf/wkt'
import protobuf from 'protobufjs'
import { parseProto } from '../../shared/registry/protobuf/proto-parser.ts'
import { protoText } from '../../shared/registry/protobuf/proto-text.ts'

/** What a type's name means in a scope such as `acme.Order`; undefined for one that is nowhere. */
export type ResolveType = (
  name: string,
  scope: string,
) => { readonly fullName: string; readonly kind: 'message' | 'enum' } | undefined

export type ProtoSource = {
  /** As other files import it. */
  readonly name: string
  readonly text: string
  /** Those of its imports that have descriptors. */
  readonly imports: readonly string[]
}

/**
 * A .proto file as a compiler describes it, as far as its values need it: messages and enums, without services, extensions, defaults of
 * proto2 and options that values don't depend on. Throws an Error that says what is wrong.
 */
export function descriptorOf({ name, text, imports }: ProtoSource, resolve: ResolveType): FileDescriptorProto {
  const { syntax, packageName } = parseProto(text)
  const root = new protobuf.Root()
  protobuf.parse(text, root, { keepCase: true })
  const space = packageName === '' ? root : root.lookup(packageName)
  const own = space instanceof protobuf.Namespace ? space.nestedArray : []
  return create(FileDescriptorProtoSchema, {
    name,
    package: packageName,
    dependency: [...imports],
    syntax: syntax === 'proto2' ? '' : syntax,
    ...(syntax === 'editions' && { edition: editionOf(text) }),
    messageType: own.flatMap(type => (type instanceof protobuf.Type ? [messageOf(type, packageName, resolve)] : [])),
    enumType: own.flatMap(type => (type instanceof protobuf.Enum ? [enumOf(type)] : [])),
  })
}

/** As the compiler makes it of a field's name where no option says it: `unit_price` becomes `unitPrice`. */
const jsonNameOf = (field: string): string => field.replace(/_+(.?)/g, (_, letter: string) => letter.toUpperCase())

/** The name of the message that the compiler makes of a map's entries: `unit_prices` has entries `UnitPricesEntry`. */
const entryName = (field: string): string => `${jsonNameOf(`_${field}`)}Entry`

function messageOf(type: protobuf.Type, scope: string, resolve: ResolveType): DescriptorProto {
  const fullName = scope === '' ? type.name : `${scope}.${type.name}`
  // What extends a message stands among its fields too, with the name of a type.
  const fields = type.fieldsArray.filter(({ name }) => !name.includes('.'))
  // The compiler puts those that stand for an `optional` of proto3 behind the others.
  const oneofs = type.oneofsArray.toSorted((a, b) => Number(isForOptional(a)) - Number(isForOptional(b)))
  const nested = type.nestedArray.flatMap(each =>
    each instanceof protobuf.Type ? [messageOf(each, fullName, resolve)] : [],
  )
  const entries = fields.flatMap(field =>
    field instanceof protobuf.MapField ? [entryOf(field, fullName, resolve)] : [],
  )
  return create(DescriptorProtoSchema, {
    name: type.name,
    field: fields.map(field => fieldOf(field, oneofs, fullName, resolve)),
    oneofDecl: oneofs.map(({ name }) => ({ name })),
    nestedType: [...nested, ...entries],
    enumType: type.nestedArray.flatMap(each => (each instanceof protobuf.Enum ? [enumOf(each)] : [])),
    ...optionsOf(type),
  })
}

function fieldOf(
  field: protobuf.Field,
  oneofs: readonly protobuf.OneOf[],
  scope: string,
  resolve: ResolveType,
): FieldDescriptorProto {
  const { id: number, partOf } = field
  const group = groupOf(field)
  const name = group?.name.toLowerCase() ?? field.name
  const jsonName: unknown = field.options?.json_name
  const packed: unknown = field.options?.packed
  const { options } = optionsOf(field)
  const isMap = field instanceof protobuf.MapField
  return create(FieldDescriptorProtoSchema, {
    name,
    number,
    jsonName: typeof jsonName === 'string' ? jsonName : jsonNameOf(name),
    label: isMap || field.repeated ? Label.REPEATED : field.rule === 'required' ? Label.REQUIRED : Label.OPTIONAL,
    ...(isMap
      ? { type: Type.MESSAGE, typeName: `.${scope}.${entryName(name)}` }
      : typeOf(field, field.type, scope, resolve)),
    ...(group !== undefined && { type: Type.GROUP }),
    ...(partOf !== null && { oneofIndex: oneofs.indexOf(partOf) }),
    ...(field.options?.proto3_optional === true && { proto3Optional: true }),
    ...((options !== undefined || typeof packed === 'boolean') && {
      options: { ...options, ...(typeof packed === 'boolean' && { packed }) },
    }),
  })
}

function entryOf(field: protobuf.MapField, scope: string, resolve: ResolveType): DescriptorProto {
  const part = (name: string, number: number, type: string) => ({
    name,
    number,
    jsonName: name,
    label: Label.OPTIONAL,
    ...typeOf(field, type, scope, resolve),
  })
  return create(DescriptorProtoSchema, {
    name: entryName(field.name),
    field: [part('key', 1, field.keyType), part('value', 2, field.type)],
    options: { mapEntry: true },
  })
}

function typeOf(field: protobuf.FieldBase, type: string, scope: string, resolve: ResolveType) {
  const scalar = scalars.get(type)
  if (scalar !== undefined) return { type: scalar }
  const found = resolve(type, scope)
  if (found === undefined) {
    throw new Error(`field "${field.name}" of message "${scope}" has type "${type}", which is nowhere`)
  }
  return { type: found.kind === 'enum' ? Type.ENUM : Type.MESSAGE, typeName: `.${found.fullName}` }
}

const scalars = new Map(
  Object.entries(Type).flatMap(([name, type]): [string, Type][] =>
    typeof type !== 'number' || [Type.GROUP, Type.MESSAGE, Type.ENUM].includes(type)
      ? []
      : [[name.toLowerCase(), type]],
  ),
)

/** The message that a field of proto2 defines where it stands. */
function groupOf({ parent, type }: protobuf.Field): protobuf.Type | undefined {
  const nested = parent?.get(type)
  // The parser's type declarations leave this mark of its types out.
  return nested instanceof protobuf.Type && Reflect.get(nested, 'group') === true ? nested : undefined
}

const enumOf = (type: protobuf.Enum): EnumDescriptorProto =>
  create(EnumDescriptorProtoSchema, {
    name: type.name,
    value: Object.entries(type.values).map(([name, number]) => ({ name, number })),
    ...optionsOf(type),
  })

/** Of an option that says what an edition's file means. The parser hands what the file says on to its types. */
function optionsOf({ options }: protobuf.ReflectionObject): { readonly options?: { readonly features: FeatureSet } } {
  const features: JsonValue | undefined = options?.features
  return features === undefined ? {} : { options: { features: fromJson(FeatureSetSchema, features) } }
}

const isForOptional = ({ fieldsArray }: protobuf.OneOf): boolean =>
  fieldsArray.length === 1 && fieldsArray[0].options?.proto3_optional === true

function editionOf(text: string): Edition {
  const year = /^edition = ["'](\w+)["'];/.exec(protoText(text))?.[1]
  const found = Object.entries(Edition).find(([name]) => name === `EDITION_${year}`)?.[1]
  if (typeof found === 'number') return found
  throw new Error(`found edition "${year}", expected one such as "2023"`)
}
