import type { WrittenReference } from '../../codecs/framing/schema-source.ts'
import type { About, JsonArrayNode, JsonNode, JsonObject, JsonObjectNode, Part, Rest } from './json-node.ts'
import { JsonPlaces } from './json-places.ts'
import { sortedText } from './same-json.ts'

/** Keywords that speak about values of one type, where no type is named. JSON Schema, "Validation Keywords". */
const keywordsOf = {
  string: ['maxLength', 'minLength', 'pattern', 'format'],
  number: ['maximum', 'minimum', 'exclusiveMaximum', 'exclusiveMinimum', 'multipleOf'],
  object: [
    'properties',
    'required',
    'additionalProperties',
    'minProperties',
    'maxProperties',
    'dependencies',
    'dependentRequired',
    'dependentSchemas',
    'patternProperties',
    'propertyNames',
    'unevaluatedProperties',
  ],
  array: [
    'items',
    'prefixItems',
    'additionalItems',
    'minItems',
    'maxItems',
    'uniqueItems',
    'contains',
    'unevaluatedItems',
  ],
} as const

/** Reads a JSON Schema (drafts 4 to 2020-12) with what it refers to. Throws an Error that says which reference leads nowhere. */
export function parseJsonSchema(document: unknown, references: readonly WrittenReference[]): JsonNode {
  const places = new JsonPlaces(document, references)
  const nodes = new Map<unknown, JsonNode>()

  const part =
    (schema: unknown): Part =>
    () =>
      nodeOf(schema)

  function nodeOf(given: unknown): JsonNode {
    const schema = places.followed(given)
    if (schema === true) return anything
    if (schema === false) return nothing
    if (!isObject(schema)) throw new Error(`found ${JSON.stringify(schema)}, expected a schema`)
    const known = nodes.get(schema)
    if (known !== undefined) return known
    const node = read(schema)
    nodes.set(schema, node)
    return node
  }

  /** Several keywords of different kinds hold together. */
  function read(schema: JsonObject): JsonNode {
    const about = aboutOf(schema)
    const found: JsonNode[] = [
      ...(Array.isArray(schema.enum) ? [{ kind: 'enum' as const, values: schema.enum, about: noAbout }] : []),
      ...(['allOf', 'anyOf', 'oneOf'] as const).flatMap(criterion => {
        const schemas = schema[criterion]
        return Array.isArray(schemas)
          ? [{ kind: 'combined' as const, criterion, schemas: distinct(schemas).map(part), about: noAbout }]
          : []
      }),
      ...('not' in schema ? [{ kind: 'not' as const, schema: part(schema.not), about: noAbout }] : []),
      ...('const' in schema ? [{ kind: 'const' as const, value: schema.const, about: noAbout }] : []),
      ...typed(schema),
    ]
    const [first, ...more] = found
    if (first === undefined) return { kind: 'anything', about }
    if (more.length === 0) return { ...first, about }
    return { kind: 'combined', criterion: 'allOf', schemas: found.map(node => () => node), about }
  }

  function typed(schema: JsonObject): JsonNode[] {
    const { type } = schema
    if (typeof type === 'string') return [ofType(type, schema)]
    if (Array.isArray(type)) {
      const nodes = type.map(each => ofType(String(each), schema))
      return [{ kind: 'combined', criterion: 'anyOf', schemas: nodes.map(node => () => node), about: noAbout }]
    }
    return (['string', 'array', 'object', 'number'] as const)
      .filter(name => keywordsOf[name].some(keyword => keyword in schema))
      .map(name => ofType(name, schema))
  }

  function ofType(type: string, schema: JsonObject): JsonNode {
    const about = noAbout
    if (type === 'string') return { kind: 'string', keywords: schema, about }
    if (type === 'number' || type === 'integer') {
      return { kind: 'number', keywords: withLimits(schema), isInteger: type === 'integer', about }
    }
    if (type === 'object') return { ...objectOf(schema), about }
    if (type === 'array') return { ...arrayOf(schema), about }
    if (type === 'boolean' || type === 'null') return { kind: type, about }
    throw new Error(`found type "${type}", expected one of JSON's`)
  }

  function objectOf(schema: JsonObject): JsonObjectNode {
    const dependencies = Object.entries(objectIn(schema.dependencies))
    const names = [
      ...dependencies.filter(([, value]) => Array.isArray(value)),
      ...Object.entries(objectIn(schema.dependentRequired)),
    ]
    const schemas = [
      ...dependencies.filter(([, value]) => !Array.isArray(value)),
      ...Object.entries(objectIn(schema.dependentSchemas)),
    ]
    return {
      kind: 'object',
      keywords: schema,
      required: new Set(textsIn(schema.required)),
      properties: new Map(Object.entries(objectIn(schema.properties)).map(([name, value]) => [name, part(value)])),
      patterns: Object.entries(objectIn(schema.patternProperties)).map(([pattern, value]) => ({
        pattern,
        schema: part(value),
      })),
      dependentNames: new Map(names.map(([name, value]) => [name, textsIn(value)])),
      dependentSchemas: new Map(schemas.map(([name, value]) => [name, part(value)])),
      rest: restOf(schema.additionalProperties, schema.unevaluatedProperties),
    }
  }

  /** Draft 2020-12 has a tuple in `prefixItems`, and in `items` what comes after it. */
  function arrayOf(schema: JsonObject): JsonArrayNode {
    const { items, prefixItems } = schema
    const tuple = Array.isArray(prefixItems) ? prefixItems : Array.isArray(items) ? items : []
    const all = Array.isArray(items) || Array.isArray(prefixItems) ? undefined : items
    const additional = Array.isArray(prefixItems) ? items : schema.additionalItems
    return {
      kind: 'array',
      keywords: schema,
      items: all === undefined ? undefined : part(all),
      tuple: tuple.map(part),
      rest: restOf(additional, schema.unevaluatedItems),
    }
  }

  const restOf = (additional: unknown, unevaluated: unknown): Rest => ({
    additional:
      additional === undefined || additional === true ? true : additional === false ? false : part(additional),
    unevaluated: unevaluated === undefined ? undefined : part(unevaluated),
  })

  places.checkAll()
  const root = nodeOf(document)
  readAll(root)
  return root
}

/** Reads every part that can be reached, so that what is wrong with one is found now. */
function readAll(root: JsonNode): void {
  const seen = new Set([root])
  for (const node of seen) for (const part of partsOf(node)) seen.add(part())
}

function partsOf(node: JsonNode): readonly Part[] {
  if (node.kind === 'combined') return node.schemas
  if (node.kind === 'not') return [node.schema]
  if (node.kind !== 'object' && node.kind !== 'array') return []
  const { additional, unevaluated } = node.rest
  const rest = [...(typeof additional === 'function' ? [additional] : []), ...(unevaluated ? [unevaluated] : [])]
  if (node.kind === 'array') return [...rest, ...(node.items ? [node.items] : []), ...node.tuple]
  const patterns = node.patterns.map(({ schema }) => schema)
  return [...rest, ...node.properties.values(), ...patterns, ...node.dependentSchemas.values()]
}

/** Draft 4 has its exclusive limits as marks of the others. */
function withLimits(schema: JsonObject): JsonObject {
  const { maximum, minimum, exclusiveMaximum, exclusiveMinimum, ...rest } = schema
  return {
    ...rest,
    ...(exclusiveMaximum === true
      ? { exclusiveMaximum: maximum }
      : { maximum, exclusiveMaximum: numberOf(exclusiveMaximum) }),
    ...(exclusiveMinimum === true
      ? { exclusiveMinimum: minimum }
      : { minimum, exclusiveMinimum: numberOf(exclusiveMinimum) }),
  }
}

const numberOf = (value: unknown): number | undefined => (typeof value === 'number' ? value : undefined)

const aboutOf = (schema: JsonObject): About => ({
  id: schema.$id ?? schema.id,
  title: schema.title,
  description: schema.description,
  default: schema.default,
  connectType: schema['connect.type'],
})

/** The same schema twice says no more than once. */
const distinct = (schemas: readonly unknown[]): readonly unknown[] => [
  ...new Map(schemas.map(schema => [sortedText(schema), schema])).values(),
]

const noAbout: About = aboutOf({})
const anything: JsonNode = { kind: 'anything', about: noAbout }
const nothing: JsonNode = { kind: 'nothing', about: noAbout }

const textsIn = (value: unknown): readonly string[] =>
  Array.isArray(value) ? value.filter(each => typeof each === 'string') : []
const objectIn = (value: unknown): JsonObject => (isObject(value) ? value : {})
const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
