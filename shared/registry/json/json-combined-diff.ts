import { areHarmless, below, type JsonChange } from './json-changes.ts'
import type { Compare } from './json-diff.ts'
import type { JsonCombinedNode, JsonNode } from './json-node.ts'

/** Schemas of the one are matched with those of the other: as many of them as fit, each with one of its own. */
export function combinedChanges(
  before: JsonCombinedNode,
  after: JsonCombinedNode,
  compare: Compare,
): readonly JsonChange[] {
  const criteria = criterionChange(before, after)
  const changes: JsonChange[] = criteria === undefined ? [] : [{ kind: criteria, place: '' }]
  if (criteria === 'COMBINED_TYPE_CHANGED') return changes
  const [old, next] = [nodesOf(before), nodesOf(after)]
  if (old.length < next.length) {
    changes.push({ kind: after.criterion === 'allOf' ? 'PRODUCT_TYPE_EXTENDED' : 'SUM_TYPE_EXTENDED', place: '' })
  } else if (old.length > next.length) {
    changes.push({ kind: before.criterion === 'allOf' ? 'PRODUCT_TYPE_NARROWED' : 'SUM_TYPE_NARROWED', place: '' })
  }
  const fitting = old.map((schema, index) =>
    next.map(other => {
      const found = compare(schema, other)
      return areHarmless(found) ? below(`/${before.criterion}/${index}`, found) : undefined
    }),
  )
  const matched = matching(fitting)
  if (matched.length < Math.min(old.length, next.length))
    changes.push({ kind: 'COMBINED_TYPE_SUBSCHEMAS_CHANGED', place: '' })
  return [...changes, ...matched.flat()]
}

function criterionChange(before: JsonCombinedNode, after: JsonCombinedNode): string | undefined {
  if (before.criterion === after.criterion) return undefined
  const [wasSingle, isSingle] = [before.schemas.length === 1, after.schemas.length === 1]
  const isWider =
    after.criterion === 'anyOf' ||
    (wasSingle && isSingle) ||
    (wasSingle && after.criterion === 'oneOf') ||
    (isSingle && before.criterion === 'allOf')
  return isWider ? 'COMBINED_TYPE_EXTENDED' : 'COMBINED_TYPE_CHANGED'
}

const nodesOf = ({ schemas }: JsonCombinedNode): readonly JsonNode[] => schemas.map(schema => schema())

/** The largest set of pairs in which each row and each column is once (augmenting paths, after Kuhn). */
type Fitting = readonly JsonChange[] | undefined

function matching(pairs: readonly (readonly Fitting[])[]): readonly (readonly JsonChange[])[] {
  const rowOf = new Map<number, number>()

  function isPlaced(row: number, tried: Set<number>): boolean {
    for (const [column, pair] of (pairs[row] ?? []).entries()) {
      if (pair === undefined || tried.has(column)) continue
      tried.add(column)
      const other = rowOf.get(column)
      if (other !== undefined && !isPlaced(other, tried)) continue
      rowOf.set(column, row)
      return true
    }
    return false
  }

  for (const row of pairs.keys()) isPlaced(row, new Set())
  return [...rowOf].map(([column, row]) => pairs[row]?.[column] ?? [])
}
