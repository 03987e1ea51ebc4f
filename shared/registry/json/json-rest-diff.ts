import { areHarmless, below, type JsonChange } from './json-changes.ts'
import type { Compare } from './json-diff.ts'
import type { JsonNode, Rest } from './json-node.ts'

/** What a schema says of an item or a property that it does not list: anything may be there, what is valid by a schema, or nothing. */
export type Unlisted = { readonly isOpen: boolean; readonly schema: () => JsonNode | undefined }

/** Of an item or a property that only the older schema lists: it must be valid under what the newer one says of the rest. */
export function removedChanges(
  part: 'ITEM' | 'PROPERTY',
  old: JsonNode,
  after: Unlisted,
  compare: Compare,
): readonly JsonChange[] {
  if (after.isOpen) return [{ kind: `${part}_REMOVED_FROM_OPEN_CONTENT_MODEL`, place: '' }]
  const covering = after.schema()
  if (covering !== undefined) return coveredChanges(`${part}_REMOVED`, compare(old, covering))
  const what = old.kind === 'nothing' ? `${part}_WITH_FALSE` : part
  return [{ kind: `${what}_REMOVED_FROM_CLOSED_CONTENT_MODEL`, place: '' }]
}

/** The changes between what is listed and what is said of the rest, and whether the newer reads all of the older. */
export function coveredChanges(what: string, changes: readonly JsonChange[]): readonly JsonChange[] {
  const isCovered = areHarmless(changes) ? 'IS' : 'NOT'
  return [...changes, { kind: `${what}_${isCovered}_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL`, place: '' }]
}

/** The changes of what may come beside what is listed, of objects and of arrays. */
export function restChanges(
  before: Rest,
  after: Rest,
  { singular, suffix }: { readonly singular: string; readonly suffix: string },
  compare: Compare,
): readonly JsonChange[] {
  const change = (kind: string): readonly JsonChange[] => [{ kind, place: '' }]
  const additional = ({ additional: old }: Rest, { additional: next }: Rest): readonly JsonChange[] => {
    if ((old === false) !== (next === false))
      return change(`ADDITIONAL_${singular}_${old === false ? 'ADDED' : 'REMOVED'}`)
    if (old === true && typeof next === 'function') return change(`ADDITIONAL_${singular}_NARROWED`)
    if (typeof old === 'function' && next === true) return change(`ADDITIONAL_${singular}_EXTENDED`)
    return typeof old === 'function' && typeof next === 'function' ? compare(old(), next()) : []
  }
  const unevaluated = (old: JsonNode | undefined, next: JsonNode | undefined): readonly JsonChange[] => {
    if (old === undefined && next === undefined) return []
    const [was, is] = [old?.kind ?? 'anything', next?.kind ?? 'anything']
    if (was === 'nothing' && is !== 'nothing') return change(`UNEVALUATED_${singular}_ADDED`)
    if (was !== 'nothing' && is === 'nothing') return change(`UNEVALUATED_${singular}_REMOVED`)
    if (old === undefined || (was === 'anything' && is !== 'anything'))
      return change(`UNEVALUATED_${singular}_NARROWED`)
    if (next === undefined || (was !== 'anything' && is === 'anything'))
      return change(`UNEVALUATED_${singular}_EXTENDED`)
    return compare(old, next)
  }
  return [
    ...below(`/additional${suffix}`, additional(before, after)),
    ...below(`/unevaluated${suffix}`, unevaluated(before.unevaluated?.(), after.unevaluated?.())),
  ]
}
