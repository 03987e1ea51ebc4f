import type { AvroLong } from './avro-value.ts'
import { defaultReader } from './default-value.ts'
import { Fault } from './fault.ts'
import { leastBytes } from './least-bytes.ts'
import { areNamesMatching, isNameOf, promotions } from './matching.ts'
import type { Plan, RecordPlan } from './plan.ts'
import { resolvePlain } from './resolve-plain.ts'
import {
  branchName,
  describeNode,
  type EnumNode,
  type FieldNode,
  isObjectNode,
  isWrapping,
  type RecordNode,
  type SchemaNode,
  type UnionNode,
} from './schema-node.ts'

/**
 * How what was written by one schema is read by another, by Avro's rules of schema resolution (specification 1.12, "Schema Resolution"). A
 * union's branch is chosen as the Java library does: the same type before one that it can be promoted to. What cannot be read
 * is a plan too, an impossible one: a union may have branches that no record ever uses.
 *
 * Names match when they are equal without their namespaces, or by an alias of the reader's.
 */
export function resolve(writer: SchemaNode, reader: SchemaNode, long: AvroLong): Plan {
  const root = (node: SchemaNode): string => ('name' in node ? node.name : 'its top')
  return plan(writer, reader, { long, known: new Map(), writer: root(writer), reader: root(reader) })
}

type At = {
  readonly long: AvroLong
  /** Plans that are made or being made. */
  readonly known: Map<RecordNode, Map<RecordNode, RecordPlan>>
  /** Places in the schemas, for messages. */
  readonly writer: string
  readonly reader: string
}

function plan(writer: SchemaNode, reader: SchemaNode, at: At): Plan {
  if (writer.kind === 'union') {
    return { kind: 'union', branches: writer.branches.map(branch => plan(branch, reader, at)) }
  }
  if (reader.kind === 'union') return planBranch(writer, reader, at)
  if (writer.kind === 'record') {
    return reader.kind === 'record' && areNamesMatching(writer, reader)
      ? planRecord(writer, reader, at)
      : impossible(writer, reader, at)
  }
  if (writer.kind === 'enum') {
    return reader.kind === 'enum' && areNamesMatching(writer, reader)
      ? planEnum(writer, reader)
      : impossible(writer, reader, at)
  }
  if (writer.kind === 'array') {
    return reader.kind === 'array' ? planItems(writer.items, reader.items, 'array', at) : impossible(writer, reader, at)
  }
  if (writer.kind === 'map') {
    return reader.kind === 'map' ? planItems(writer.values, reader.values, 'map', at) : impossible(writer, reader, at)
  }
  if (!isPlain(reader)) return impossible(writer, reader, at)
  const isMisnamed = writer.kind === 'fixed' && reader.kind === 'fixed' && !areNamesMatching(writer, reader)
  return (isMisnamed ? undefined : resolvePlain(writer, reader, at.long)) ?? impossible(writer, reader, at)
}

const isPlain = (
  node: SchemaNode,
): node is Exclude<SchemaNode, { kind: 'record' | 'enum' | 'array' | 'map' | 'union' }> =>
  !['record', 'enum', 'array', 'map', 'union'].includes(node.kind)

function planItems(writer: SchemaNode, reader: SchemaNode, kind: 'array' | 'map', at: At): Plan {
  const mark = kind === 'array' ? '[]' : '{}'
  const items = plan(writer, reader, { ...at, writer: at.writer + mark, reader: at.reader + mark })
  // Of an empty one too: arrays match where their items do.
  if (items.kind === 'impossible') return items
  return { kind, items, isEmpty: kind === 'array' && leastBytes(writer) === 0 }
}

function planBranch(writer: SchemaNode, reader: UnionNode, at: At): Plan {
  const branch = branchFor(writer, reader)
  if (branch === undefined) return impossible(writer, reader, at)
  const inner = plan(writer, branch, at)
  return isWrapping(reader) && isObjectNode(branch) ? { kind: 'wrap', name: branchName(branch), inner } : inner
}

function branchFor(writer: SchemaNode, reader: UnionNode): SchemaNode | undefined {
  const alike = reader.branches.filter(branch => branch.kind === writer.kind)
  const promoted = promotions[writer.kind] ?? []
  return (
    alike.find(branch => !('name' in branch) || ('name' in writer && isNameOf(branch, writer.name))) ??
    alike.find(branch => 'name' in branch && 'name' in writer && areNamesMatching(writer, branch)) ??
    reader.branches.find(branch => promoted.includes(branch.kind))
  )
}

function planEnum(writer: EnumNode, reader: EnumNode): Plan {
  const readAs = (symbol: string): string | undefined => (reader.symbols.includes(symbol) ? symbol : reader.default)
  return {
    kind: 'enum',
    name: reader.name,
    symbols: writer.symbols.map(readAs),
    written: writer.symbols,
    known: reader.symbols,
  }
}

function planRecord(writer: RecordNode, reader: RecordNode, at: At): Plan {
  const before = at.known.get(writer)?.get(reader)
  if (before !== undefined) return before
  const made: RecordPlan = {
    kind: 'record',
    fields: reader.fields.map(({ name }) => name),
    steps: [],
    defaults: new Map(),
  }
  at.known.set(writer, new Map(at.known.get(writer)).set(reader, made))
  const sources = sourcesOf(writer, reader)
  for (const { name, type } of writer.fields) {
    const field = reader.fields.find(each => sources.get(each.name) === name)
    if (field === undefined) {
      made.steps.push({ kind: 'skip', name, node: type })
      continue
    }
    const inside = { ...at, writer: `${at.writer}.${name}`, reader: `${at.reader}.${field.name}` }
    made.steps.push({ kind: 'read', name, field: field.name, plan: plan(type, field.type, inside) })
  }
  for (const field of reader.fields) {
    if (sources.has(field.name)) continue
    made.defaults.set(field.name, defaultOf(field, writer, at))
  }
  return made
}

/** From which field of the writer's each of the reader's comes: of the same name, else of one of its aliases. */
function sourcesOf(writer: RecordNode, reader: RecordNode): ReadonlyMap<string, string> {
  const written = new Set(writer.fields.map(({ name }) => name))
  const sources = new Map<string, string>()
  for (const { name } of reader.fields) if (written.delete(name)) sources.set(name, name)
  for (const { name, aliases } of reader.fields) {
    const alias = sources.has(name) ? undefined : aliases.find(each => written.delete(each))
    if (alias !== undefined) sources.set(name, alias)
  }
  return sources
}

function defaultOf({ name, type, default: json }: FieldNode, writer: RecordNode, at: At): () => unknown {
  const place = `${at.reader}.${name}`
  if (json !== undefined) return defaultReader(type, json, place, at.long)
  return () => {
    const lacking = `record ${writer.name} at ${at.writer} of the writer's schema, without ${name}`
    throw new Fault(lacking, `a default at ${place} of the reader's schema, or an alias for a field that was written`)
  }
}

function impossible(writer: SchemaNode, reader: SchemaNode, at: At): Plan {
  return {
    kind: 'impossible',
    what: `${describeNode(writer)} at ${at.writer} of the writer's schema`,
    expected: `what ${describeNode(reader)} at ${at.reader} of the reader's schema can be read from`,
  }
}
