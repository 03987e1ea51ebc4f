import { Buffer } from 'node:buffer'
import { fromBinary, isFieldSet } from '@bufbuild/protobuf'
import {
  type DescriptorProto,
  type EnumDescriptorProto,
  type FieldDescriptorProto,
  FieldDescriptorProtoSchema,
  FieldOptionsSchema,
  type FileDescriptorProto,
  FileDescriptorProtoSchema,
  FieldDescriptorProto_Label as Label,
  FieldDescriptorProto_Type as Type,
} from '@bufbuild/protobuf/wkt'

/** A .proto file as some clients send it: its compiled descriptor in base64. Undefined for what is none. */
export function descriptorIn(text: string): FileDescriptorProto | undefined {
  if (!/^[A-Za-z0-9+/\r\n]+={0,2}$/.test(text.trim())) return undefined
  try {
    const file = fromBinary(FileDescriptorProtoSchema, Buffer.from(text, 'base64'))
    const isFile = file.messageType.length + file.enumType.length + file.service.length > 0
    return isFile ? file : undefined
  } catch {
    return undefined
  }
}

/** The .proto file that a descriptor was compiled from, without its comments and without options of other files. */
export function textOfDescriptor(file: FileDescriptorProto): string {
  const syntax = file.syntax === '' ? 'proto2' : file.syntax
  if (syntax !== 'proto2' && syntax !== 'proto3')
    throw new Error(`found a descriptor of "${syntax}", expected proto2 or proto3`)
  const imports = file.dependency.map((name, index) => {
    return `import ${file.publicDependency.includes(index) ? 'public ' : ''}${JSON.stringify(name)};`
  })
  return [
    `syntax = "${syntax}";`,
    ...(file.package === '' ? [] : [`package ${file.package};`]),
    ...imports,
    ...file.enumType.map(enumText),
    ...file.messageType.map(message => messageText(message, syntax)),
    ...file.service.map(({ name, method }) => {
      const calls = method.map(({ name: call, inputType, outputType, clientStreaming, serverStreaming }) => {
        const [given, got] = [clientStreaming ? 'stream ' : '', serverStreaming ? 'stream ' : '']
        return `rpc ${call} (${given}${inputType}) returns (${got}${outputType});`
      })
      return `service ${name} { ${calls.join(' ')} }`
    }),
  ].join('\n')
}

function messageText(message: DescriptorProto, syntax: string): string {
  const entries = new Map(
    message.nestedType.filter(({ options }) => options?.mapEntry).map(entry => [entry.name, entry]),
  )
  const fieldIn = (field: FieldDescriptorProto) =>
    fieldText(field, syntax, entries.get(field.typeName.split('.').at(-1) ?? ''))
  const oneofs = message.oneofDecl.flatMap(({ name }, index) => {
    const members = message.field.filter(field => isMember(field) && field.oneofIndex === index)
    return members.length === 0 ? [] : [`oneof ${name} { ${members.map(fieldIn).join(' ')} }`]
  })
  const numbers = message.reservedRange.map(({ start, end }) =>
    end - start === 1 ? `${start}` : `${start} to ${end - 1}`,
  )
  const body = [
    ...(numbers.length === 0 ? [] : [`reserved ${numbers.join(', ')};`]),
    ...(message.reservedName.length === 0
      ? []
      : [`reserved ${message.reservedName.map(name => JSON.stringify(name)).join(', ')};`]),
    ...message.field.filter(field => !isMember(field)).map(fieldIn),
    ...oneofs,
    ...message.enumType.map(enumText),
    ...message.nestedType.filter(({ name }) => !entries.has(name)).map(nested => messageText(nested, syntax)),
  ]
  return `message ${message.name} { ${body.join(' ')} }`
}

/** An `optional` of proto3 is in a oneof of its own, which nobody wrote. */
const isMember = (field: FieldDescriptorProto): boolean =>
  !field.proto3Optional && isFieldSet(field, FieldDescriptorProtoSchema.field.oneofIndex)

function fieldText(field: FieldDescriptorProto, syntax: string, entry: DescriptorProto | undefined): string {
  const { name, number, options } = field
  const settings = [
    ...(field.defaultValue === '' ? [] : [`default = ${defaultText(field)}`]),
    ...(options?.deprecated ? ['deprecated = true'] : []),
    ...(options !== undefined && isFieldSet(options, FieldOptionsSchema.field.packed)
      ? [`packed = ${options.packed}`]
      : []),
  ]
  const end = `${name} = ${number}${settings.length === 0 ? '' : ` [${settings.join(', ')}]`};`
  const [key, value] = entry?.field ?? []
  if (key !== undefined && value !== undefined) return `map<${typeText(key)}, ${typeText(value)}> ${end}`
  return `${labelText(field, syntax)}${typeText(field)} ${end}`
}

function labelText(field: FieldDescriptorProto, syntax: string): string {
  if (isMember(field)) return ''
  if (field.label === Label.REPEATED) return 'repeated '
  if (field.label === Label.REQUIRED) return 'required '
  return syntax === 'proto2' || field.proto3Optional ? 'optional ' : ''
}

function defaultText({ type, defaultValue }: FieldDescriptorProto): string {
  return type === Type.STRING || type === Type.BYTES ? JSON.stringify(defaultValue) : defaultValue
}

function typeText({ type, typeName }: FieldDescriptorProto): string {
  if (type === Type.MESSAGE || type === Type.ENUM || type === Type.GROUP) return typeName
  return (Type[type] ?? '').toLowerCase()
}

function enumText({ name, value, options }: EnumDescriptorProto): string {
  const alias = options?.allowAlias ? 'option allow_alias = true; ' : ''
  return `enum ${name} { ${alias}${value.map(each => `${each.name} = ${each.number};`).join(' ')} }`
}
