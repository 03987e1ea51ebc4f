import {
  type Attributes,
  type FieldNode,
  type NamedNode,
  namespaceOf,
  type SchemaNode,
  withoutNamespace,
} from '../../codecs/avro/schema-node.ts'

export type AvroTextOptions = {
  /** Full names everywhere, and further attributes in the order of their names. */
  readonly normalized: boolean
  /** Types that are defined by a reference, and so are only named. */
  readonly known: ReadonlySet<string>
}

/** A schema as compact JSON, its attributes in one order, whatever theirs was: the same text for the same schema. */
export function avroText(schema: SchemaNode, { normalized, known }: AvroTextOptions): string {
  const defined = new Set(known)

  function written(part: SchemaNode, namespace: string): unknown {
    switch (part.kind) {
      case 'record':
      case 'enum':
      case 'fixed':
        return named(part, namespace)
      case 'union':
        return part.branches.map(branch => written(branch, namespace))
      case 'array':
        return { type: 'array', items: written(part.items, namespace), ...props(part.attributes, own.array) }
      case 'map':
        return { type: 'map', values: written(part.values, namespace), ...props(part.attributes, own.map) }
      default: {
        const more = props(part.attributes, own.primitive)
        return Object.keys(more).length === 0 ? part.kind : { type: part.kind, ...more }
      }
    }
  }

  function named(part: NamedNode, namespace: string): unknown {
    const space = namespaceOf(part.name)
    if (defined.has(part.name)) return normalized || space !== namespace ? part.name : withoutNamespace(part.name)
    defined.add(part.name)
    const name = normalized
      ? { name: part.name }
      : { name: withoutNamespace(part.name), ...(space !== namespace && { namespace: space }) }
    const doc = docOf(part.attributes)
    const aliases = part.aliases.map(alias =>
      !normalized && namespaceOf(alias) === space ? withoutNamespace(alias) : alias,
    )
    const end = { ...props(part.attributes, own[part.kind]), aliases: unlessNone(aliases) }
    if (part.kind === 'fixed') return { type: 'fixed', ...name, doc, size: part.size, ...end }
    if (part.kind === 'enum') {
      return { type: 'enum', ...name, doc, symbols: part.symbols, default: part.default, ...end }
    }
    const fields = part.fields.map(each => field(each, space))
    return { type: part.attributes.type, ...name, doc, fields, ...end }
  }

  const field = ({ name, type, aliases, attributes, default: value }: FieldNode, namespace: string): unknown => ({
    name,
    type: written(type, namespace),
    doc: docOf(attributes),
    default: value,
    order: attributes.order === 'ascending' ? undefined : attributes.order,
    aliases: unlessNone(aliases),
    ...props(attributes, own.field),
  })

  function props(attributes: Attributes, except: readonly string[]): Attributes {
    const further = Object.entries(attributes).filter(([name]) => !except.includes(name))
    return Object.fromEntries(normalized ? further.sort(([a], [b]) => (a < b ? -1 : 1)) : further)
  }

  return JSON.stringify(written(schema, ''))
}

/** What Avro gives a meaning to. The rest is written as it is. */
const own = {
  primitive: ['type'],
  array: ['type', 'items'],
  map: ['type', 'values'],
  record: ['type', 'name', 'namespace', 'doc', 'aliases', 'fields'],
  enum: ['type', 'name', 'namespace', 'doc', 'aliases', 'symbols', 'default'],
  fixed: ['type', 'name', 'namespace', 'doc', 'aliases', 'size'],
  field: ['name', 'type', 'doc', 'default', 'order', 'aliases'],
} as const

// What is undefined is left out of JSON.
const docOf = ({ doc }: Attributes) => (typeof doc === 'string' ? doc : undefined)
const unlessNone = (aliases: readonly string[]) => (aliases.length === 0 ? undefined : aliases)
