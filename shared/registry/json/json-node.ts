/** A JSON Schema, or a part of one, by what it says about values. Parts are read when they are asked for: schemas may be recursive. */
export type JsonNode = { readonly about: About } & (
  | { readonly kind: 'anything' | 'nothing' | 'boolean' | 'null' }
  | { readonly kind: 'string'; readonly keywords: JsonObject }
  | { readonly kind: 'number'; readonly keywords: JsonObject; readonly isInteger: boolean }
  | { readonly kind: 'const'; readonly value: unknown }
  | { readonly kind: 'enum'; readonly values: readonly unknown[] }
  | JsonObjectNode
  | JsonArrayNode
  | JsonCombinedNode
  | { readonly kind: 'not'; readonly schema: Part }
)

/** What changes no value's validity. */
export type About = {
  readonly id: unknown
  readonly title: unknown
  readonly description: unknown
  readonly default: unknown
  readonly connectType: unknown
}

export type JsonObject = Readonly<Record<string, unknown>>
export type Part = () => JsonNode

export type JsonObjectNode = {
  readonly kind: 'object'
  readonly keywords: JsonObject
  readonly required: ReadonlySet<string>
  readonly properties: ReadonlyMap<string, Part>
  readonly patterns: readonly { readonly pattern: string; readonly schema: Part }[]
  readonly dependentNames: ReadonlyMap<string, readonly string[]>
  readonly dependentSchemas: ReadonlyMap<string, Part>
  readonly rest: Rest
}

export type JsonArrayNode = {
  readonly kind: 'array'
  readonly keywords: JsonObject
  /** Of all items. */
  readonly items: Part | undefined
  /** Of the first items, one each. */
  readonly tuple: readonly Part[]
  readonly rest: Rest
}

export type JsonCombinedNode = {
  readonly kind: 'combined'
  readonly criterion: 'oneOf' | 'anyOf' | 'allOf'
  readonly schemas: readonly Part[]
}

/** What values may have beside what is listed: all (open), nothing (closed), or what a schema allows (partially open). */
export type Rest = {
  readonly additional: true | false | Part
  readonly unevaluated: Part | undefined
}

/** A schema's content model is open where anything may come beside what it lists. */
export const isOpen = ({ additional, unevaluated }: Rest): boolean =>
  additional === true && (unevaluated === undefined || unevaluated().kind === 'anything')

/** What a partially open content model says about the rest. */
export function restSchema({ additional, unevaluated }: Rest): JsonNode | undefined {
  if (typeof additional === 'function') return additional()
  const node = additional ? unevaluated?.() : undefined
  return node === undefined || node.kind === 'nothing' || node.kind === 'anything' ? undefined : node
}
