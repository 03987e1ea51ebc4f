import { below, type JsonChange, limitChange } from './json-changes.ts'
import type { Compare } from './json-diff.ts'
import { isOpen, type JsonArrayNode, type JsonNode, restSchema } from './json-node.ts'
import { coveredChanges, removedChanges, restChanges, type Unlisted } from './json-rest-diff.ts'

/** The changes from one schema of arrays to another. */
export function arrayChanges(before: JsonArrayNode, after: JsonArrayNode, compare: Compare): readonly JsonChange[] {
  const [old, next] = [before.keywords, after.keywords]
  const isUnique = [old.uniqueItems === true, next.uniqueItems === true]
  return [
    ...below('/items', compare(before.items?.(), after.items?.())),
    ...tupleChanges(before, after, compare),
    ...restChanges(before.rest, after.rest, { singular: 'ITEMS', suffix: 'Items' }, compare),
    ...limitChange('maxItems', 'MAX_ITEMS', old.maxItems, next.maxItems),
    ...limitChange('minItems', 'MIN_ITEMS', old.minItems, next.minItems),
    ...(isUnique[0] === isUnique[1]
      ? []
      : [{ kind: `UNIQUE_ITEMS_${isUnique[0] ? 'REMOVED' : 'ADDED'}`, place: '/uniqueItems' }]),
    ...limitChange('maxContains', 'MAX_CONTAINS', old.maxContains, next.maxContains),
    ...limitChange('minContains', 'MIN_CONTAINS', old.minContains, next.minContains),
  ]
}

function tupleChanges(before: JsonArrayNode, after: JsonArrayNode, compare: Compare): readonly JsonChange[] {
  const length = Math.max(before.tuple.length, after.tuple.length)
  return Array.from({ length }, (_, index) => {
    const [old, next] = [before.tuple[index]?.(), after.tuple[index]?.()]
    if (old !== undefined && next !== undefined) return below(`/items/${index}`, compare(old, next))
    const changes =
      old === undefined ? addedChanges(next, before, compare) : removedChanges('ITEM', old, unlisted(after), compare)
    return below(`/items/${index}`, changes)
  }).flat()
}

function addedChanges(next: JsonNode | undefined, before: JsonArrayNode, compare: Compare): readonly JsonChange[] {
  if (isOpen(before.rest)) {
    const kind =
      next?.kind === 'anything'
        ? 'ITEM_WITH_EMPTY_SCHEMA_ADDED_TO_OPEN_CONTENT_MODEL'
        : 'ITEM_ADDED_TO_OPEN_CONTENT_MODEL'
    return [{ kind, place: '' }]
  }
  const covering = restSchema(before.rest)
  if (covering === undefined) return [{ kind: 'ITEM_ADDED_TO_CLOSED_CONTENT_MODEL', place: '' }]
  return coveredChanges('ITEM_ADDED', compare(covering, next))
}

const unlisted = ({ rest }: JsonArrayNode): Unlisted => ({ isOpen: isOpen(rest), schema: () => restSchema(rest) })
