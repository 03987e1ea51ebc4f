import { isHarmless, type ProtoChange } from './proto-change-kinds.ts'
import type { ProtoField, ProtoMessage } from './proto-file.ts'
import type { FoundType, ProtoTypes } from './proto-types.ts'

/** Where names of both sides are looked up, and which messages are being compared already. */
export type Comparison = {
  readonly before: ProtoTypes
  readonly after: ProtoTypes
  readonly begun: Set<ProtoMessage>
  /** A field's message may be one that is imported. */
  messageChanges(
    comparison: Comparison,
    before: ProtoMessage,
    after: ProtoMessage,
    scopes: Scopes,
    place: string,
  ): readonly ProtoChange[]
}

/** The scopes in which names of the older and of the newer file are. */
export type Scopes = readonly [string, string]

/** Scalars that may take each other's place on the wire. Protocol Buffers, "Updating A Message Type". */
const scalarGroups: Readonly<Record<string, string>> = {
  int32: 'number',
  int64: 'number',
  uint32: 'number',
  uint64: 'number',
  bool: 'number',
  sint32: 'signed number',
  sint64: 'signed number',
  string: 'text',
  bytes: 'text',
  fixed32: '4 bytes',
  sfixed32: '4 bytes',
  fixed64: '8 bytes',
  sfixed64: '8 bytes',
  float: 'float',
  double: 'double',
}

type FieldType =
  | { readonly kind: 'scalar'; readonly group: string }
  | { readonly kind: 'message'; readonly name: string; readonly found: FoundType | undefined }
  | { readonly kind: 'map'; readonly key: FieldType; readonly value: FieldType }

/** The changes from one field to another of the same number. */
export function fieldChanges(
  comparison: Comparison,
  before: ProtoField,
  after: ProtoField,
  scopes: Scopes,
  place: string,
): readonly ProtoChange[] {
  const [old, next] = [
    fieldTypeOf(before, comparison.before, scopes[0]),
    fieldTypeOf(after, comparison.after, scopes[1]),
  ]
  const renamed = before.name === after.name ? [] : [{ kind: 'FIELD_NAME_CHANGED', place }]
  const retyped = fieldTypeChanges(comparison, old, next, place)
  if (retyped.length > 0 || old.kind !== 'scalar' || before.label === after.label) return [...renamed, ...retyped]
  const kind = old.group === 'text' ? 'FIELD_STRING_OR_BYTES_LABEL_CHANGED' : 'FIELD_NUMERIC_LABEL_CHANGED'
  // A field that is required or not is the same on the wire; one that is repeated is not, if it is packed.
  if (before.label !== 'repeated' && after.label !== 'repeated')
    return [...renamed, ...requiredChanges(before, after, place)]
  return [...renamed, { kind, place }]
}

function requiredChanges(before: ProtoField, after: ProtoField, place: string): readonly ProtoChange[] {
  if (after.label === 'required') return [{ kind: 'REQUIRED_FIELD_ADDED', place }]
  return before.label === 'required' ? [{ kind: 'REQUIRED_FIELD_REMOVED', place }] : []
}

function fieldTypeChanges(
  comparison: Comparison,
  before: FieldType,
  after: FieldType,
  place: string,
): readonly ProtoChange[] {
  if (before.kind === 'scalar' && after.kind === 'scalar') {
    return before.group === after.group ? [] : [{ kind: 'FIELD_SCALAR_KIND_CHANGED', place }]
  }
  if (before.kind === 'map' && after.kind === 'map') {
    return [
      ...fieldTypeChanges(comparison, before.key, after.key, place),
      ...fieldTypeChanges(comparison, before.value, after.value, place),
    ]
  }
  if (before.kind === 'message' && after.kind === 'message') return namedTypeChanges(comparison, before, after, place)
  return [{ kind: 'FIELD_KIND_CHANGED', place }]
}

type MessageType = Extract<FieldType, { kind: 'message' }>

/** Types of the files themselves are compared where they are declared; those of imports here. */
function namedTypeChanges(
  comparison: Comparison,
  before: MessageType,
  after: MessageType,
  place: string,
): readonly ProtoChange[] {
  const changed = { kind: 'FIELD_NAMED_TYPE_CHANGED', place }
  const [old, next] = [before.found, after.found]
  if (old === undefined || next === undefined) return before.name === after.name ? [] : [changed]
  if (old.localName !== next.localName) return [changed]
  if (old.file === undefined && next.file === undefined) return []
  if (old.type.kind !== 'message' || next.type.kind !== 'message') return []
  const there = `/${old.localName.replaceAll('.', '/')}`
  const changes = comparison.messageChanges(comparison, old.type, next.type, [old.fullName, next.fullName], there)
  return changes.every(isHarmless) ? changes : [...changes, changed]
}

function fieldTypeOf({ type, keyType }: ProtoField, types: ProtoTypes, scope: string): FieldType {
  const value = typeOf(type, types, scope)
  return keyType === undefined ? value : { kind: 'map', key: typeOf(keyType, types, scope), value }
}

function typeOf(name: string, types: ProtoTypes, scope: string): FieldType {
  const group = scalarGroups[name]
  if (group !== undefined) return { kind: 'scalar', group }
  const found = types.resolve(name, scope)
  // On the wire an enum is a number.
  if (found?.type.kind === 'enum') return { kind: 'scalar', group: 'number' }
  return { kind: 'message', name: name.replace(/^\./, ''), found }
}
