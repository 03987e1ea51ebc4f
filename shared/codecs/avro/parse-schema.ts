import { ConfigurationError, describeThrown } from '../../model/errors.ts'
import { found } from '../found.ts'
import type { WrittenSchema } from '../framing/schema-source.ts'
import { defaultReader } from './default-value.ts'
import { parseLogical } from './parse-logical.ts'
import type { FieldNode, PrimitiveKind, PrimitiveNode, RecordNode, SchemaNode } from './schema-node.ts'

/** Deeper nesting is no schema that a person wrote: Avro itself says nothing. */
const deepest = 100

export type ParseOptions = {
  /**
   * Whether the schema is the program's own: then names, defaults and logical types must be right. Of a writer's schema what is not needed to
   * read its bytes may be wrong, as the specification asks of logical types.
   */
  readonly isOwn: boolean
}

/** Names that a schema may use without defining them. */
type Names = Map<string, SchemaNode>

type Context = {
  readonly isOwn: boolean
  readonly names: Names
  /** Done when all types are known. */
  readonly defaults: { readonly field: FieldNode; readonly place: string }[]
}

/** A schema from its JSON value. Throws a ConfigurationError that names the place in the schema. */
export function parseSchema(schema: unknown, options: ParseOptions): SchemaNode {
  return parseWith(schema, options, new Map())
}

/** A schema from its text, with those that it refers to. Throws a ConfigurationError. */
export function parseWritten(written: WrittenSchema, options: ParseOptions): SchemaNode {
  const names: Names = new Map()
  define(written, names, 0)
  return parseWith(jsonOf(written.text), options, names)
}

export function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    // A bare name, which registries hand out without quotes too.
    if (/^\s*[A-Za-z_][\w.]*\s*$/.test(text)) return text.trim()
    throw new ConfigurationError(
      `Cannot read an Avro schema: found ${found(text)}, expected JSON: ${describeThrown(error)}`,
    )
  }
}

function define({ references = [] }: WrittenSchema, names: Names, depth: number): void {
  if (depth > deepest) refuse('its references', `${deepest} or more inside each other`, 'fewer')
  for (const { name, schema } of references) {
    if (names.has(name)) continue
    define(schema, names, depth + 1)
    parseWith(jsonOf(schema.text), { isOwn: false }, names)
  }
}

function parseWith(schema: unknown, { isOwn }: ParseOptions, names: Names): SchemaNode {
  const context: Context = { isOwn, names, defaults: [] }
  const node = parse(schema, { place: '', space: '', depth: 0 }, context)
  if (isOwn) for (const { field, place } of context.defaults) defaultReader(field.type, field.default, place)
  return node
}

/** Where in the schema, in which namespace and how deep. */
type At = { readonly place: string; readonly space: string; readonly depth: number }

const primitives: ReadonlySet<string> = new Set<PrimitiveKind>([
  'null',
  'boolean',
  'int',
  'long',
  'float',
  'double',
  'bytes',
  'string',
])

const isPrimitive = (name: string): name is PrimitiveKind => primitives.has(name)

const isPrimitiveNode = (node: SchemaNode): node is PrimitiveNode => isPrimitive(node.kind)

type Attributes = Readonly<Record<string, unknown>>

const isObject = (value: unknown): value is Attributes =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function parse(schema: unknown, at: At, context: Context): SchemaNode {
  if (at.depth > deepest) refuse(at.place, `${deepest} or more types inside each other`, 'fewer')
  if (typeof schema === 'string') return isPrimitive(schema) ? { kind: schema } : lookUp(schema, at, context)
  if (Array.isArray(schema)) return parseUnion(schema, at, context)
  if (!isObject(schema)) refuse(at.place, JSON.stringify(schema) ?? 'nothing', 'a type')
  const { type } = schema
  const inside = { ...at, depth: at.depth + 1 }
  switch (type) {
    case 'record':
    case 'error':
      return parseRecord(schema, inside, context)
    case 'enum':
      return parseEnum(schema, inside, context)
    case 'fixed':
      return parseFixed(schema, inside, context)
    case 'array':
      return { kind: 'array', items: parse(schema.items, { ...inside, place: `${at.place}[]` }, context) }
    case 'map':
      return { kind: 'map', values: parse(schema.values, { ...inside, place: `${at.place}{}` }, context) }
    default: {
      const node = parse(type, inside, context)
      // A logical type is one of the type that the object itself names.
      if (typeof type !== 'string' || !isPrimitiveNode(node) || !('logicalType' in schema)) return node
      const logical = parseLogical(schema, node, context.isOwn ? at.place : undefined)
      return logical === undefined ? node : { kind: node.kind, logical }
    }
  }
}

function parseUnion(schema: readonly unknown[], at: At, context: Context): SchemaNode {
  if (schema.length === 0 && context.isOwn) refuse(at.place, 'a union of nothing', 'one type or more')
  const branches = schema.map(branch => parse(branch, { ...at, depth: at.depth + 1 }, context))
  const seen = new Set<string>()
  for (const branch of branches) {
    if (branch.kind === 'union') refuse(at.place, 'a union in a union', 'one union of all types')
    const name = 'name' in branch ? branch.name : branch.kind
    if (seen.has(name)) refuse(at.place, `a union that has ${found(name)} twice`, 'each type once')
    seen.add(name)
  }
  return { kind: 'union', branches }
}

function parseRecord(schema: Attributes, at: At, context: Context): RecordNode {
  const { name, aliases, space } = named(schema, at, context)
  const fields: FieldNode[] = []
  const node: RecordNode = { kind: 'record', name, aliases, fields }
  context.names.set(name, node)
  if (!Array.isArray(schema.fields)) refuse(name, 'no fields', 'an array of fields')
  const path = at.place === '' ? name : at.place
  for (const [i, given] of schema.fields.entries()) {
    const place = `${path}.${isObject(given) && typeof given.name === 'string' ? given.name : `fields[${i}]`}`
    if (!isObject(given)) refuse(place, JSON.stringify(given), 'a field with a name and a type')
    const fieldName = fieldNameOf(given.name, place, context)
    if (fields.some(field => field.name === fieldName)) refuse(place, 'its name twice', 'each field once')
    const field: FieldNode = {
      name: fieldName,
      aliases: textsOf(given.aliases),
      type: parse(given.type, { ...at, place, space }, context),
      ...(given.default === undefined ? {} : { default: given.default }),
    }
    fields.push(field)
    if (field.default !== undefined) context.defaults.push({ field, place })
  }
  return node
}

function fieldNameOf(name: unknown, place: string, { isOwn }: Context): string {
  // An object has no such property: it would set what the object inherits from.
  if (typeof name !== 'string' || name === '' || name === '__proto__' || (isOwn && !isName(name))) {
    refuse(place, `the name ${JSON.stringify(name)}`, 'letters, digits and _, no digit first')
  }
  return name
}

function parseEnum(schema: Attributes, at: At, context: Context): SchemaNode {
  const { name, aliases } = named(schema, at, context)
  const { symbols, default: given } = schema
  const isRight = Array.isArray(symbols) && symbols.every(symbol => typeof symbol === 'string')
  if (!isRight || new Set(symbols).size < symbols.length) {
    refuse(name, `the symbols ${JSON.stringify(symbols)}`, 'names, each once')
  }
  if (context.isOwn) {
    const wrong = symbols.find(symbol => !isName(symbol))
    if (wrong !== undefined) refuse(name, `the symbol ${found(wrong)}`, 'letters, digits and _, no digit first')
    if (given !== undefined && !symbols.some(symbol => symbol === given)) {
      refuse(name, `the default ${JSON.stringify(given)}`, 'one of its symbols')
    }
  }
  const usable = typeof given === 'string' && symbols.includes(given)
  const node: SchemaNode = { kind: 'enum', name, aliases, symbols, ...(usable ? { default: given } : {}) }
  context.names.set(name, node)
  return node
}

function parseFixed(schema: Attributes, at: At, context: Context): SchemaNode {
  const { name, aliases } = named(schema, at, context)
  const { size } = schema
  if (typeof size !== 'number' || !Number.isInteger(size) || size < 0 || size >= 2 ** 31) {
    refuse(name, `the size ${JSON.stringify(size)}`, 'a whole number of bytes')
  }
  const plain = { kind: 'fixed', name, aliases, size } as const
  const logical = parseLogical(schema, plain, context.isOwn ? name : undefined)
  const node: SchemaNode = logical === undefined ? plain : { ...plain, logical }
  context.names.set(name, node)
  return node
}

function lookUp(name: string, { place, space }: At, { names }: Context): SchemaNode {
  const node = names.get(qualified(name, space)) ?? names.get(name)
  if (node !== undefined) return node
  const known = [...names.keys()].map(each => found(each)).join(', ')
  refuse(place, `the type ${found(name)}`, `a type of Avro${known === '' ? '' : ` or one of ${known}`}`)
}

function named(schema: Attributes, { place, space: around }: At, context: Context) {
  const { name: given } = schema
  if (typeof given !== 'string' || given === '') refuse(place, `a type named ${JSON.stringify(given)}`, 'a name')
  const own = typeof schema.namespace === 'string' ? schema.namespace : around
  const name = qualified(given, own)
  const wrong = name.split('.').find(part => !isName(part))
  if (context.isOwn && wrong !== undefined)
    refuse(name, `the name ${found(wrong)}`, 'letters, digits and _, no digit first')
  if (isPrimitive(name)) refuse(name, 'a type of Avro defined', 'another name')
  if (context.names.has(name)) refuse(name, 'it defined twice', 'its name the second time')
  const space = name.slice(0, Math.max(0, name.lastIndexOf('.')))
  return { name, space, aliases: textsOf(schema.aliases).map(alias => qualified(alias, space)) }
}

const isName = (name: string): boolean => /^[A-Za-z_]\w*$/.test(name)

/** A leading dot says that the name is in no namespace. */
function qualified(name: string, space: string): string {
  if (name.startsWith('.')) return name.slice(1)
  return name.includes('.') || space === '' ? name : `${space}.${name}`
}

const textsOf = (value: unknown): readonly string[] =>
  Array.isArray(value) ? value.filter(text => typeof text === 'string') : []

export function refuse(place: string, what: string, expected: string): never {
  const where = place === '' ? '' : ` at ${place}`
  throw new ConfigurationError(`Cannot read an Avro schema${where}: found ${what}, expected ${expected}`)
}
