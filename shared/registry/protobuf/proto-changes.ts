import type { ProtoChange } from './proto-change-kinds.ts'
import { type Comparison, fieldChanges, type Scopes } from './proto-field-changes.ts'
import type { ProtoEnum, ProtoField, ProtoFile, ProtoMessage, ProtoType } from './proto-file.ts'
import type { ProtoTypes } from './proto-types.ts'

/** One side of a comparison: a file and what its names mean. */
export type ProtoSide = { readonly file: ProtoFile; readonly types: ProtoTypes }

/** The changes from one .proto file to another. */
export function protoChanges(before: ProtoSide, after: ProtoSide): readonly ProtoChange[] {
  const comparison: Comparison = {
    before: before.types,
    after: after.types,
    begun: new Set<ProtoMessage>(),
    messageChanges,
  }
  const [old, next] = [before.file, after.file]
  const moved = old.packageName === next.packageName ? [] : [{ kind: 'PACKAGE_CHANGED', place: '' }]
  return [...moved, ...typeChanges(comparison, old.types, next.types, [old.packageName, next.packageName], '')]
}

function typeChanges(
  comparison: Comparison,
  before: readonly ProtoType[],
  after: readonly ProtoType[],
  scopes: Scopes,
  place: string,
): readonly ProtoChange[] {
  const [oldMessages, newMessages] = [before.filter(isMessage), after.filter(isMessage)]
  const [oldEnums, newEnums] = [before.filter(isEnum), after.filter(isEnum)]
  return [
    ...namesOf(oldMessages, newMessages).flatMap(name => {
      const here = `${place}/${name}`
      const [old, next] = [
        oldMessages.findIndex(each => each.name === name),
        newMessages.findIndex(each => each.name === name),
      ]
      const [message, other] = [oldMessages[old], newMessages[next]]
      if (message === undefined) return [{ kind: 'MESSAGE_ADDED', place: here }]
      if (other === undefined) return [{ kind: 'MESSAGE_REMOVED', place: here }]
      const changes = messageChanges(comparison, message, other, [inner(scopes[0], name), inner(scopes[1], name)], here)
      return old === next ? changes : [...changes, { kind: 'MESSAGE_MOVED', place: here }]
    }),
    ...namesOf(oldEnums, newEnums).flatMap(name => {
      const here = `${place}/${name}`
      const [old, next] = [oldEnums.find(each => each.name === name), newEnums.find(each => each.name === name)]
      if (old === undefined) return [{ kind: 'ENUM_ADDED', place: here }]
      return next === undefined ? [{ kind: 'ENUM_REMOVED', place: here }] : enumChanges(old, next, here)
    }),
  ]
}

/** The changes from one message to another, field by field by their numbers, wherever in the message a field stands. */
function messageChanges(
  comparison: Comparison,
  before: ProtoMessage,
  after: ProtoMessage,
  scopes: Scopes,
  place: string,
): readonly ProtoChange[] {
  const nested = () => typeChanges(comparison, before.types, after.types, scopes, place)
  if (comparison.begun.has(before)) return nested()
  comparison.begun.add(before)
  const [old, next] = [byNumber(before), byNumber(after)]
  const numbers = [...new Set([...old.keys(), ...next.keys()])].sort((a, b) => a - b)
  const changes = [
    ...exclusionChanges(old, after, place),
    ...oneofChanges(before, after, place),
    ...numbers.flatMap(number => {
      const [field, other] = [old.get(number), next.get(number)]
      if (other === undefined) return field === undefined ? [] : removedChanges(field, before, after, place)
      const here = `${place}${other.oneof === undefined ? '' : `/${other.oneof}`}/${number}`
      if (field === undefined) return [{ kind: addedKind(other), place: here }]
      const isMovedOut = field.oneof !== undefined && other.oneof === undefined
      const moved = isMovedOut ? [{ kind: 'ONEOF_FIELD_MOVED_TO_TOP_LEVEL', place: here }] : []
      return [...moved, ...fieldChanges(comparison, field, other, scopes, here)]
    }),
  ]
  comparison.begun.delete(before)
  return [...changes, ...nested()]
}

/** Fields that could be there together, and now exclude each other: what was written with both loses one. */
function exclusionChanges(
  old: ReadonlyMap<number, ProtoField>,
  after: ProtoMessage,
  place: string,
): readonly ProtoChange[] {
  return after.oneofs.flatMap(oneof => {
    const earlier = after.fields.filter(field => field.oneof === oneof).flatMap(({ number }) => old.get(number) ?? [])
    const groups = new Set(
      earlier.map(field => (field.oneof === undefined ? `field ${field.number}` : `oneof ${field.oneof}`)),
    )
    if (groups.size <= 1) return []
    const free = earlier.filter(field => field.oneof === undefined)
    const kind = free.length > 1 ? 'MULTIPLE_FIELDS_MOVED_TO_ONEOF' : 'FIELD_MOVED_TO_EXISTING_ONEOF'
    return [{ kind, place: `${place}/${oneof}` }]
  })
}

function oneofChanges(before: ProtoMessage, after: ProtoMessage, place: string): readonly ProtoChange[] {
  const names = [...new Set([...before.oneofs, ...after.oneofs])].sort()
  return names.flatMap(name => {
    if (!after.oneofs.includes(name)) return [{ kind: 'ONEOF_REMOVED', place: `${place}/${name}` }]
    return before.oneofs.includes(name) ? [] : [{ kind: 'ONEOF_ADDED', place: `${place}/${name}` }]
  })
}

/** A oneof that goes as a whole goes like a field; one that loses a field may leave a reader with none of them. */
function removedChanges(
  field: ProtoField,
  before: ProtoMessage,
  after: ProtoMessage,
  place: string,
): readonly ProtoChange[] {
  const { oneof, number, label } = field
  if (oneof === undefined) {
    return [{ kind: label === 'required' ? 'REQUIRED_FIELD_REMOVED' : 'FIELD_REMOVED', place: `${place}/${number}` }]
  }
  const members = before.fields.filter(each => each.oneof === oneof)
  const isLeft = members.some(member => after.fields.some(each => each.number === member.number))
  if (!after.oneofs.includes(oneof) && !isLeft) return []
  return [{ kind: 'ONEOF_FIELD_REMOVED', place: `${place}/${oneof}/${number}` }]
}

const addedKind = ({ oneof, label }: ProtoField): string =>
  oneof !== undefined ? 'ONEOF_FIELD_ADDED' : label === 'required' ? 'REQUIRED_FIELD_ADDED' : 'FIELD_ADDED'

function enumChanges(before: ProtoEnum, after: ProtoEnum, place: string): readonly ProtoChange[] {
  const names = ({ constants }: ProtoEnum) => new Map(constants.map(({ name, number }) => [number, name]))
  const [old, next] = [names(before), names(after)]
  return [...new Set([...old.keys(), ...next.keys()])].flatMap(number => {
    const here = `${place}/${number}`
    if (!next.has(number)) return [{ kind: 'ENUM_CONST_REMOVED', place: here }]
    if (!old.has(number)) return [{ kind: 'ENUM_CONST_ADDED', place: here }]
    return old.get(number) === next.get(number) ? [] : [{ kind: 'ENUM_CONST_CHANGED', place: here }]
  })
}

const byNumber = ({ fields }: ProtoMessage): ReadonlyMap<number, ProtoField> =>
  new Map(fields.map(field => [field.number, field]))

const namesOf = (before: readonly ProtoType[], after: readonly ProtoType[]): readonly string[] => [
  ...new Set([...before, ...after].map(({ name }) => name)),
]

const inner = (scope: string, name: string): string => (scope === '' ? name : `${scope}.${name}`)
const isMessage = (type: ProtoType): type is ProtoMessage => type.kind === 'message'
const isEnum = (type: ProtoType): type is ProtoEnum => type.kind === 'enum'
