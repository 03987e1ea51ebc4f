import { ConfigurationError, describeThrown } from '../../model/errors.ts'
import { found } from '../found.ts'
import type { WrittenSchema } from '../framing/schema-source.ts'
import { defaultReader } from './default-value.ts'
import { parseLogical } from './parse-logical.ts'
import {
  type Attributes,
  branchName,
  type FieldNode,
  isPrimitive,
  isPrimitiveNode,
  type NamedNode,
  namespaceOf,
  type RecordNode,
  type SchemaNode,
} from './schema-node.ts'
import { codecWords, misread, type SchemaPlace, type SchemaWords } from './schema-words.ts'

/** What a parser asks of a schema, and what it says of one that is none. */
export type SchemaRules = {
  /**
   * Of a `written` schema what is not needed to read its bytes may be wrong, as the specification asks of logical types. Of a `registered` one
   * names, symbols and enums' defaults must be right, of one of the `program`'s all must be.
   */
  readonly of: 'written' | 'registered' | 'program'
  /** Types inside each other: Avro itself says nothing. */
  readonly deepest: number
  readonly words: SchemaWords
  /** What else is asked of a named type or a field, once it is parsed. */
  readonly check?: (part: NamedNode | FieldNode, at: SchemaPlace) => void
}

export type ParseOptions = {
  /** Whether the schema is the program's own. */
  readonly isOwn: boolean
}

/** Deeper nesting is no schema that a person wrote. */
const deepest = 100

const rulesFor = ({ isOwn }: ParseOptions): SchemaRules => ({
  of: isOwn ? 'program' : 'written',
  deepest,
  words: codecWords,
})

/** The named types that a schema may use without defining them. */
export type SchemaNames = Map<string, NamedNode>

type Context = {
  readonly rules: SchemaRules
  readonly names: SchemaNames
  /** Done when all types are known. */
  readonly defaults: { readonly field: FieldNode; readonly place: string }[]
}

/** A schema from its JSON value. Throws a ConfigurationError that names the place in the schema. */
export function parseSchema(schema: unknown, options: ParseOptions): SchemaNode {
  return parseBy(rulesFor(options), schema, new Map())
}

/** A schema from its text, with those that it refers to. Throws a ConfigurationError. */
export function parseWritten(written: WrittenSchema, options: ParseOptions): SchemaNode {
  const names: SchemaNames = new Map()
  define(written, names, 0)
  return parseBy(rulesFor(options), jsonOf(written.text), names)
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

function define({ references = [] }: WrittenSchema, names: SchemaNames, depth: number): void {
  if (depth > deepest) throw misread('its references', `${deepest} or more inside each other`, 'fewer')
  for (const { name, schema } of references) {
    if (names.has(name)) continue
    define(schema, names, depth + 1)
    parseBy(rulesFor({ isOwn: false }), jsonOf(schema.text), names)
  }
}

/** A schema from its JSON value, which may use the names that are known; those that it defines are added. */
export function parseBy(rules: SchemaRules, schema: unknown, names: SchemaNames): SchemaNode {
  const context: Context = { rules, names, defaults: [] }
  const node = parse(schema, { place: '', pointer: '', space: '', depth: 0 }, context)
  if (rules.of === 'program') {
    for (const { field, place } of context.defaults) defaultReader(field.type, field.default, place)
  }
  return node
}

/** Where in the schema, in which namespace and how deep. */
type At = SchemaPlace & { readonly space: string; readonly depth: number }

const isObject = (value: unknown): value is Attributes =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function parse(schema: unknown, at: At, context: Context): SchemaNode {
  const { of, deepest, words } = context.rules
  if (at.depth > deepest) throw words.tooDeep(at, deepest)
  if (typeof schema === 'string') {
    return isPrimitive(schema) ? { kind: schema, attributes: {} } : lookUp(schema, at, context)
  }
  if (Array.isArray(schema)) return parseUnion(schema, at, context)
  if (!isObject(schema)) throw words.notType(at, schema)
  const { type } = schema
  switch (type) {
    case undefined:
      throw words.lacking(at, 'type')
    case 'record':
    case 'error':
      return parseRecord(schema, at, context)
    case 'enum':
      return parseEnum(schema, at, context)
    case 'fixed':
      return parseFixed(schema, at, context)
    case 'array': {
      if (schema.items === undefined) throw words.lacking(at, 'items')
      const items = parse(schema.items, inside(at, '/items', `${at.place}[]`), context)
      return { kind: 'array', items, attributes: schema }
    }
    case 'map': {
      if (schema.values === undefined) throw words.lacking(at, 'values')
      const values = parse(schema.values, inside(at, '/values', `${at.place}{}`), context)
      return { kind: 'map', values, attributes: schema }
    }
    default: {
      const node = parse(type, typeof type === 'string' ? at : inside(at, '/type'), context)
      // What the object says else is of the type that it names itself.
      if (typeof type !== 'string' || !isPrimitiveNode(node)) return node
      const logical = parseLogical(schema, node, of === 'program' ? at.place : undefined)
      return { kind: node.kind, attributes: schema, ...(logical && { logical }) }
    }
  }
}

const inside = (at: At, step: string, place: string = at.place, space: string = at.space): At => ({
  place,
  pointer: at.pointer + step,
  space,
  depth: at.depth + 1,
})

function parseUnion(schema: readonly unknown[], at: At, context: Context): SchemaNode {
  const { of, words } = context.rules
  if (schema.length === 0 && of === 'program') throw misread(at.place, 'a union of nothing', 'one type or more')
  const branches = schema.map((branch, index) => parse(branch, inside(at, `/${index}`), context))
  const seen = new Set<string>()
  for (const [index, branch] of branches.entries()) {
    if (branch.kind === 'union') throw words.unionInUnion(at, index)
    const name = branchName(branch)
    if (seen.has(name)) throw words.twiceInUnion(at, name)
    seen.add(name)
  }
  return { kind: 'union', branches }
}

function parseRecord(schema: Attributes, at: At, context: Context): RecordNode {
  const { words, check } = context.rules
  const fields: FieldNode[] = []
  const node: RecordNode = { kind: 'record', ...named(schema, at, context), fields }
  defined(node, at, context)
  if (!Array.isArray(schema.fields)) throw words.notFields({ ...at, place: node.name }, schema.fields)
  const path = at.place === '' ? node.name : at.place
  for (const [i, given] of schema.fields.entries()) {
    const place = `${path}.${isObject(given) && typeof given.name === 'string' ? given.name : `fields[${i}]`}`
    const here = inside(at, `/fields/${i}`, place, namespaceOf(node.name))
    const field = parseField(given, fields, here, context)
    check?.(field, here)
    fields.push(field)
    if (field.default !== undefined) context.defaults.push({ field, place })
  }
  return node
}

function parseField(given: unknown, before: readonly FieldNode[], at: At, context: Context): FieldNode {
  const { words } = context.rules
  if (!isObject(given)) throw words.notField(at, given)
  const { name, type, aliases, default: json } = given
  if (typeof name !== 'string' || !isFieldName(name, context)) throw words.fieldName(at, name)
  if (before.some(field => field.name === name)) throw words.fieldTwice(at, name)
  if (type === undefined) throw words.fieldWithoutType(at, name)
  return {
    name,
    aliases: textsOf(aliases),
    type: parse(type, { ...at, pointer: `${at.pointer}/type` }, context),
    attributes: given,
    ...(json !== undefined && { default: json }),
  }
}

function isFieldName(name: string, { rules }: Context): boolean {
  if (rules.of === 'registered') return isName(name)
  // An object has no such property: it would set what the object inherits from.
  if (name === '' || name === '__proto__') return false
  return rules.of === 'written' || isName(name)
}

function parseEnum(schema: Attributes, at: At, context: Context): SchemaNode {
  const { of, words } = context.rules
  const about = named(schema, at, context)
  const here = { ...at, place: about.name }
  const { symbols, default: given } = schema
  const isRight = Array.isArray(symbols) && symbols.every(symbol => typeof symbol === 'string')
  if (!isRight || new Set(symbols).size < symbols.length) throw words.symbols(here, symbols)
  const usable = typeof given === 'string' && symbols.includes(given)
  if (of !== 'written') {
    const wrong = symbols.find(symbol => !isName(symbol))
    if (wrong !== undefined) throw words.symbolName(here, wrong)
    if (given !== undefined && !usable) throw words.enumDefault(here, given)
  }
  return defined({ kind: 'enum', ...about, symbols, ...(usable && { default: given }) }, at, context)
}

function parseFixed(schema: Attributes, at: At, context: Context): SchemaNode {
  const about = named(schema, at, context)
  const { size } = schema
  if (typeof size !== 'number' || !Number.isInteger(size) || size < 0 || size >= 2 ** 31) {
    throw context.rules.words.size({ ...at, place: about.name }, size)
  }
  const plain = { kind: 'fixed', ...about, size } as const
  const logical = parseLogical(schema, plain, context.rules.of === 'program' ? about.name : undefined)
  return defined({ ...plain, ...(logical && { logical }) }, at, context)
}

function lookUp(name: string, at: At, { names, rules }: Context): SchemaNode {
  const node = names.get(qualified(name, at.space)) ?? names.get(name)
  if (node === undefined) throw rules.words.unknownName(at, name, names.keys())
  return node
}

function named(schema: Attributes, at: At, { rules, names }: Context) {
  const { words } = rules
  const { name: given, namespace } = schema
  if (typeof given !== 'string' || given === '') throw words.noTypeName(at, given)
  const name = qualified(given, typeof namespace === 'string' ? namespace : at.space)
  const here = { ...at, place: name }
  const wrong = name.split('.').find(part => !isName(part))
  if (rules.of !== 'written' && wrong !== undefined) throw words.typeName(here, name, wrong)
  if (isPrimitive(name) || names.has(name)) throw words.taken(here, name)
  const aliases = textsOf(schema.aliases).map(alias => qualified(alias, namespaceOf(name)))
  return { name, aliases, attributes: schema }
}

function defined<T extends NamedNode>(node: T, at: At, { names, rules }: Context): T {
  rules.check?.(node, at)
  names.set(node.name, node)
  return node
}

const isName = (name: string): boolean => /^[A-Za-z_]\w*$/.test(name)

/** A leading dot says that the name is in no namespace. */
function qualified(name: string, space: string): string {
  if (name.startsWith('.')) return name.slice(1)
  return name.includes('.') || space === '' ? name : `${space}.${name}`
}

const textsOf = (value: unknown): readonly string[] =>
  Array.isArray(value) ? value.filter(text => typeof text === 'string') : []
