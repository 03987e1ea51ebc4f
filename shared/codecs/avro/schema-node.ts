/** A parsed schema: names are full, references are the nodes themselves, so that a recursive schema is a graph with circles. */
export type SchemaNode = PrimitiveNode | FixedNode | EnumNode | ArrayNode | MapNode | UnionNode | RecordNode

const primitiveKinds = ['null', 'boolean', 'int', 'long', 'float', 'double', 'bytes', 'string'] as const
export type PrimitiveKind = (typeof primitiveKinds)[number]

/** What a schema's JSON says of a type or a field, in its order: what Avro knows and whatever else somebody wrote there. */
export type Attributes = Readonly<Record<string, unknown>>

type Described = { readonly attributes: Attributes }

export type PrimitiveNode = Described & { readonly kind: PrimitiveKind; readonly logical?: LogicalType }

type Named = Described & {
  /** With its namespace, e.g. `com.acme.Order`. */
  readonly name: string
  /** Full names too. */
  readonly aliases: readonly string[]
}

export type FixedNode = Named & { readonly kind: 'fixed'; readonly size: number; readonly logical?: LogicalType }

export type EnumNode = Named & {
  readonly kind: 'enum'
  readonly symbols: readonly string[]
  /** What a symbol of the writer's that is not here is read as. */
  readonly default?: string
}

export type ArrayNode = Described & { readonly kind: 'array'; readonly items: SchemaNode }

export type MapNode = Described & { readonly kind: 'map'; readonly values: SchemaNode }

export type UnionNode = { readonly kind: 'union'; readonly branches: readonly SchemaNode[] }

export type RecordNode = Named & {
  readonly kind: 'record'
  /** Filled while the schema is parsed: a field's type may be the record itself. */
  readonly fields: FieldNode[]
}

export type NamedNode = RecordNode | EnumNode | FixedNode

export type FieldNode = Described & {
  readonly name: string
  readonly aliases: readonly string[]
  readonly type: SchemaNode
  /** As JSON; undefined where the field has no default. */
  readonly default?: unknown
}

export const isPrimitive = (name: string): name is PrimitiveKind => primitiveKinds.some(kind => kind === name)

export const isPrimitiveNode = (node: SchemaNode): node is PrimitiveNode => isPrimitive(node.kind)

export type TimeUnit = 'millis' | 'micros' | 'nanos'

export type LogicalType =
  | { readonly kind: 'date' }
  | { readonly kind: 'time'; readonly unit: 'millis' | 'micros' }
  | { readonly kind: 'timestamp'; readonly unit: TimeUnit; readonly isLocal: boolean }
  | { readonly kind: 'decimal'; readonly precision: number; readonly scale: number }
  | { readonly kind: 'uuid' }
  | { readonly kind: 'duration' }

export const logicalOf = (node: SchemaNode): LogicalType | undefined => ('logical' in node ? node.logical : undefined)

/** As it stands in a schema, e.g. `timestamp-millis`. */
export function logicalName(logical: LogicalType): string {
  switch (logical.kind) {
    case 'time':
      return `time-${logical.unit}`
    case 'timestamp':
      return `${logical.isLocal ? 'local-' : ''}timestamp-${logical.unit}`
    case 'decimal':
      return `decimal(${logical.precision}, ${logical.scale})`
    default:
      return logical.kind
  }
}

/** A type for messages: `int`, `an array`, `enum com.acme.Side`, `long (timestamp-millis)`. */
export function describeNode(node: SchemaNode): string {
  switch (node.kind) {
    case 'record':
    case 'enum':
      return `${node.kind} ${node.name}`
    case 'fixed':
      return `fixed ${node.name} of ${node.size} bytes${logicalSuffix(node)}`
    case 'array':
    case 'map':
      return node.kind
    case 'union':
      return `union of ${node.branches.map(describeNode).join(', ')}`
    default:
      return `${node.kind}${logicalSuffix(node)}`
  }
}

function logicalSuffix(node: SchemaNode): string {
  const logical = logicalOf(node)
  return logical === undefined ? '' : ` (${logicalName(logical)})`
}

/** Whether its values are objects: a union with several of these tells them apart by name. */
export const isObjectNode = (node: SchemaNode): boolean =>
  node.kind === 'record' || node.kind === 'map' || (node.kind === 'fixed' && node.logical?.kind === 'duration')

/** A branch's name in a union: its full name where it has one. */
export const branchName = (node: SchemaNode): string => ('name' in node ? node.name : node.kind)

/** Whether a union's branches that are objects are wrapped in an object with their name. */
export const isWrapping = (union: UnionNode): boolean => union.branches.filter(isObjectNode).length > 1

export const namespaceOf = (name: string): string => name.slice(0, Math.max(0, name.lastIndexOf('.')))

export const withoutNamespace = (name: string): string => name.slice(name.lastIndexOf('.') + 1)
