import { defaultProblem } from './avro-default.ts'
import {
  type AvroEnum,
  type AvroField,
  type AvroFixed,
  type AvroNamed,
  type AvroProps,
  type AvroRecord,
  type AvroSchema,
  type AvroUnion,
  isPrimitive,
  type Json,
  namespaceOf,
  type PrimitiveKind,
} from './avro-schema.ts'

type JsonObject = Readonly<Record<string, Json>>

/** Avro 1.12, "Names". */
const namePattern = /^[A-Za-z_][A-Za-z0-9_]*$/

/** Nothing that people write is nested as deep, and no more fits the stack. */
const deepestNesting = 500

/** Reads schemas by Avro 1.12's rules. Named types of one schema are known to those that come after it. Throws an Error with the place. */
export class AvroParser {
  readonly #names = new Map<string, AvroNamed>()
  #depth = 0

  parse(text: string): AvroSchema {
    const json = parsedJson(text)
    return this.#schema(json, '', '')
  }

  /** The named types so far. */
  names(): Iterable<string> {
    return this.#names.keys()
  }

  #schema(json: Json, namespace: string, path: string): AvroSchema {
    this.#depth++
    try {
      if (this.#depth > deepestNesting) throw new Error(`the schema is nested more than ${deepestNesting} deep`)
      if (typeof json === 'string') return this.#byName(json, namespace, path)
      if (isArray(json)) return this.#union(json, namespace, path)
      if (!isObject(json)) throw fault(path, json, 'a type')
      return this.#complex(json, namespace, path)
    } finally {
      this.#depth--
    }
  }

  #byName(name: string, namespace: string, path: string): AvroSchema {
    if (isKind(name)) return { kind: name, props: {} }
    const found = this.#names.get(fullNameOf(name, namespace)) ?? this.#names.get(name)
    if (found === undefined) throw new Error(`undefined name "${name}" at "${path || '/'}"`)
    return found
  }

  #union(json: readonly Json[], namespace: string, path: string): AvroUnion {
    const branches = json.map((each, index) => this.#schema(each, namespace, `${path}/${index}`))
    const seen = new Set<string>()
    for (const [index, branch] of branches.entries()) {
      const name = 'name' in branch ? branch.name : branch.kind
      if (branch.kind === 'union') throw new Error(`a union directly within a union at "${path}/${index}"`)
      if (seen.has(name)) throw new Error(`the union at "${path || '/'}" has "${name}" twice`)
      seen.add(name)
    }
    return { kind: 'union', branches }
  }

  #complex(json: JsonObject, namespace: string, path: string): AvroSchema {
    const { type } = json
    if (type === undefined) throw new Error(`no type at "${path || '/'}"`)
    if (typeof type !== 'string') return this.#schema(type, namespace, `${path}/type`)
    if (type === 'record' || type === 'error') return this.#record(json, namespace, path)
    if (type === 'enum') return this.#enum(json, namespace, path)
    if (type === 'fixed') return this.#fixed(json, namespace, path)
    if (type === 'array') {
      if (json.items === undefined) throw new Error(`an array without "items" at "${path || '/'}"`)
      return {
        kind: 'array',
        items: this.#schema(json.items, namespace, `${path}/items`),
        props: propsOf(json, ['items']),
      }
    }
    if (type === 'map') {
      if (json.values === undefined) throw new Error(`a map without "values" at "${path || '/'}"`)
      return {
        kind: 'map',
        values: this.#schema(json.values, namespace, `${path}/values`),
        props: propsOf(json, ['values']),
      }
    }
    const named = this.#byName(type, namespace, path)
    return isPrimitive(named) ? { ...named, props: propsOf(json, []) } : named
  }

  #record(json: JsonObject, namespace: string, path: string): AvroRecord {
    const fields: AvroField[] = []
    const named = namedOf(json, namespace, path, ['fields'])
    const record: AvroRecord = { kind: 'record', isError: json.type === 'error', ...named, fields }
    this.#define(record, path)
    if (!isArray(json.fields)) throw fault(`${path}/fields`, json.fields, 'a list of fields')
    const seen = new Set<string>()
    for (const [index, each] of json.fields.entries()) {
      const field = this.#field(each, namespaceOf(record.name), `${path}/fields/${index}`)
      if (seen.has(field.name)) throw new Error(`field "${field.name}" is there twice at "${path}/fields/${index}"`)
      seen.add(field.name)
      fields.push(field)
    }
    return record
  }

  #field(json: Json, namespace: string, path: string): AvroField {
    if (!isObject(json)) throw fault(path, json, 'a field')
    const { name, type, doc, order, aliases = [] } = json
    if (typeof name !== 'string' || !namePattern.test(name))
      throw fault(`${path}/name`, name, 'a name of letters, digits and "_"')
    if (type === undefined) throw new Error(`field "${name}" has no type at "${path}"`)
    if (order !== undefined && order !== 'ascending' && order !== 'descending' && order !== 'ignore') {
      throw fault(`${path}/order`, order, '"ascending", "descending" or "ignore"')
    }
    const schema = this.#schema(type, namespace, `${path}/type`)
    const value = json.default
    const problem = value === undefined ? undefined : defaultProblem(schema, value)
    if (problem !== undefined) throw new Error(`invalid default of field "${name}" at "${path}": ${problem}`)
    return {
      name,
      schema,
      aliases: textsIn(aliases, `${path}/aliases`),
      ...(typeof doc === 'string' && { doc }),
      ...(value !== undefined && { default: value }),
      ...(order !== undefined && { order }),
      props: without(json, ['name', 'type', 'doc', 'order', 'aliases', 'default']),
    }
  }

  #enum(json: JsonObject, namespace: string, path: string): AvroEnum {
    const symbols = textsIn(json.symbols, `${path}/symbols`)
    for (const symbol of symbols) {
      if (!namePattern.test(symbol)) throw fault(`${path}/symbols`, symbol, 'a name of letters, digits and "_"')
    }
    if (new Set(symbols).size < symbols.length) throw new Error(`a symbol is there twice at "${path}/symbols"`)
    const value = json.default
    if (value !== undefined && (typeof value !== 'string' || !symbols.includes(value))) {
      throw fault(`${path}/default`, value, 'one of the symbols')
    }
    const named = namedOf(json, namespace, path, ['symbols', 'default'])
    return this.#define({ kind: 'enum', ...named, symbols, ...(value !== undefined && { default: value }) }, path)
  }

  #fixed(json: JsonObject, namespace: string, path: string): AvroFixed {
    const { size } = json
    if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0)
      throw fault(`${path}/size`, size, 'a number of bytes')
    return this.#define({ kind: 'fixed', ...namedOf(json, namespace, path, ['size']), size }, path)
  }

  #define<T extends AvroNamed>(named: T, path: string): T {
    if (this.#names.has(named.name)) throw new Error(`cannot redefine "${named.name}" at "${path || '/'}"`)
    this.#names.set(named.name, named)
    return named
  }
}

function namedOf(json: JsonObject, enclosing: string, path: string, own: readonly string[]) {
  const { name, namespace, doc, aliases = [] } = json
  if (typeof name !== 'string') throw fault(`${path}/name`, name, 'a name')
  const inside = typeof namespace === 'string' ? namespace : enclosing
  const fullName = fullNameOf(name, inside)
  if (!fullName.split('.').every(part => namePattern.test(part))) {
    throw fault(`${path}/name`, fullName, 'names of letters, digits and "_"')
  }
  const space = namespaceOf(fullName)
  return {
    name: fullName,
    aliases: textsIn(aliases, `${path}/aliases`).map(alias => fullNameOf(alias, space)),
    ...(typeof doc === 'string' && { doc }),
    props: propsOf(json, ['name', 'namespace', 'doc', 'aliases', ...own]),
  }
}

const fullNameOf = (name: string, namespace: string): string =>
  name.includes('.') || namespace === '' ? name.replace(/^\./, '') : `${namespace}.${name}`

const propsOf = (json: JsonObject, own: readonly string[]): AvroProps => without(json, ['type', ...own])

const without = (json: JsonObject, names: readonly string[]): AvroProps =>
  Object.fromEntries(Object.entries(json).filter(([name]) => !names.includes(name)))

function textsIn(json: Json | undefined, path: string): readonly string[] {
  if (!isArray(json)) throw fault(path, json, 'a list of names')
  return json.map(each => {
    if (typeof each !== 'string') throw fault(path, each, 'a name')
    return each
  })
}

function parsedJson(text: string): Json {
  try {
    return JSON.parse(text)
  } catch {
    throw new Error('it is no JSON document')
  }
}

const fault = (path: string, found: Json | undefined, expected: string): Error =>
  new Error(
    `found ${found === undefined ? 'nothing' : JSON.stringify(found)} at "${path || '/'}", expected ${expected}`,
  )

const isArray = (json: Json | undefined): json is readonly Json[] => Array.isArray(json)
const isObject = (json: Json | undefined): json is JsonObject =>
  typeof json === 'object' && json !== null && !isArray(json)

const kinds: ReadonlySet<string> = new Set(['null', 'boolean', 'int', 'long', 'float', 'double', 'bytes', 'string'])
const isKind = (name: string): name is PrimitiveKind => kinds.has(name)
