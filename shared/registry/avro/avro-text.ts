import {
  type AvroField,
  type AvroNamed,
  type AvroProps,
  type AvroSchema,
  type Json,
  namespaceOf,
  simpleName,
} from './avro-schema.ts'

export type AvroTextOptions = {
  /** Full names everywhere, and further attributes in the order of their names. */
  readonly normalized: boolean
  /** Types that are defined by a reference, and so are only named. */
  readonly known: ReadonlySet<string>
}

type Written = Json | { [name: string]: Written } | Written[]

/** A schema as compact JSON, its attributes in one order, whatever theirs was: the same text for the same schema. */
export function avroText(schema: AvroSchema, { normalized, known }: AvroTextOptions): string {
  const defined = new Set(known)

  function written(part: AvroSchema, namespace: string): Written {
    switch (part.kind) {
      case 'record':
      case 'enum':
      case 'fixed':
        return named(part, namespace)
      case 'union':
        return part.branches.map(branch => written(branch, namespace))
      case 'array':
        return { type: 'array', items: written(part.items, namespace), ...props(part.props) }
      case 'map':
        return { type: 'map', values: written(part.values, namespace), ...props(part.props) }
      default:
        return Object.keys(part.props).length === 0 ? part.kind : { type: part.kind, ...props(part.props) }
    }
  }

  function named(part: AvroNamed, namespace: string): Written {
    const space = namespaceOf(part.name)
    if (defined.has(part.name)) return normalized || space !== namespace ? part.name : simpleName(part.name)
    defined.add(part.name)
    const name = normalized
      ? { name: part.name }
      : { name: simpleName(part.name), ...(space !== namespace && { namespace: space }) }
    const doc = part.doc === undefined ? {} : { doc: part.doc }
    const aliases = aliasesOf(
      part.aliases.map(alias => (!normalized && namespaceOf(alias) === space ? simpleName(alias) : alias)),
    )
    const end = { ...props(part.props), ...aliases }
    if (part.kind === 'fixed') return { type: 'fixed', ...name, ...doc, size: part.size, ...end }
    if (part.kind === 'enum') {
      const value = part.default === undefined ? {} : { default: part.default }
      return { type: 'enum', ...name, ...doc, symbols: [...part.symbols], ...value, ...end }
    }
    const fields = part.fields.map(each => field(each, space))
    return { type: part.isError ? 'error' : 'record', ...name, ...doc, fields, ...end }
  }

  const field = (part: AvroField, namespace: string): Written => ({
    name: part.name,
    type: written(part.schema, namespace),
    ...(part.doc !== undefined && { doc: part.doc }),
    ...(part.default !== undefined && { default: part.default }),
    ...(part.order !== undefined && part.order !== 'ascending' && { order: part.order }),
    ...aliasesOf(part.aliases),
    ...props(part.props),
  })

  const props = (given: AvroProps): AvroProps => {
    if (!normalized) return given
    return Object.fromEntries(Object.entries(given).sort(([a], [b]) => (a < b ? -1 : 1)))
  }

  return JSON.stringify(written(schema, ''))
}

const aliasesOf = (aliases: readonly string[]) => (aliases.length === 0 ? {} : { aliases: [...aliases] })
