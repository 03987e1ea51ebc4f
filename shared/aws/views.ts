import { createHash } from 'node:crypto'
import { keyGroupOf } from '../model/key.ts'
import { limits } from '../model/limits.ts'
import type { PositionText } from '../model/position.ts'
import { checkItemSize } from '../ports/refusals.ts'
import type { ViewPut, ViewRow, ViewsPort } from '../ports/results.ts'
import type { AwsHost } from './calls.ts'
import { binary, type Item, type Items, number, text, textOf } from './items.ts'
import { keepValue, valueFrom } from './row-value.ts'
import { secondsOf } from './table-keys.ts'

/** A view's rows are spread over this many partitions: DynamoDB takes 1,000 write units a second in each. Never changes. */
export const viewBuckets = 16

/** Puts in flight at once: a row's put is an item of its own, as a batch write takes no condition. Well below the connections of a client, see clients.ts. */
const mostAtOnce = 24

/** A sort key has at most 1,024 bytes: a longer row key is kept beside its hash. One byte is the mark. */
const longestSortKey = 1024

/** Views in DynamoDB: an item a row, put on condition that its position is newer. */
export class DynamoViews implements ViewsPort {
  readonly #items: Items
  readonly #host: AwsHost

  constructor(items: Items, host: AwsHost) {
    this.#items = items
    this.#host = host
  }

  async put(view: string, rows: readonly ViewPut[]): Promise<void> {
    const left = newestOf(rows).map(row => ({ row, item: itemOf(view, row, this.#host.now()) }))
    const worker = async (): Promise<void> => {
      for (let next = left.pop(); next !== undefined; next = left.pop()) {
        await this.#items.put(`row "${next.row.key}" of view "${view}"`, {
          Item: next.item,
          ConditionExpression: 'attribute_not_exists(pk) OR #position < :position',
          ExpressionAttributeNames: { '#position': 'position' },
          ExpressionAttributeValues: { ':position': text(next.row.position) },
        })
      }
    }
    try {
      await Promise.all(Array.from({ length: Math.min(mostAtOnce, left.length) }, worker))
    } finally {
      // After a failure the others end with the put that they are at.
      left.length = 0
    }
  }

  async scan(view: string): Promise<readonly ViewRow[]> {
    const buckets = await Promise.all(
      Array.from({ length: viewBuckets }, (_, bucket) =>
        this.#items.query(`read view "${view}"`, {
          KeyConditionExpression: 'pk = :pk',
          ExpressionAttributeValues: { ':pk': text(partitionOf(view, bucket)) },
        }),
      ),
    )
    return buckets.flat().flatMap(rowFrom)
  }
}

/** Of several puts of one key the newest, and of equal ones the first: what is left of them in the end, for fewer writes. */
function newestOf(rows: readonly ViewPut[]): readonly ViewPut[] {
  const newest = new Map<string, ViewPut>()
  for (const row of rows) {
    const held = newest.get(row.key)
    if (held === undefined || held.position < row.position) newest.set(row.key, row)
  }
  return [...newest.values()]
}

const partitionOf = (view: string, bucket: number): string => `view/${view}/${bucket}`

/** Throws a RangeError for a row that no item can hold, before any is put. */
function itemOf(view: string, { key, position, value }: ViewPut, nowMs: number): Item {
  const base = {
    pk: text(partitionOf(view, keyGroupOf(key, viewBuckets))),
    ...sortKeyOf(key),
    position: text(position),
  }
  if (value === undefined) return { ...base, expires: number(secondsOf(nowMs + limits.retiredMs)) }
  const kept = keepValue(value)
  const bytes = kept.kind === 'json' ? Buffer.byteLength(kept.json) : kept.bytes.byteLength
  checkItemSize(`row "${key}" of view "${view}"`, bytes)
  return { ...base, ...(kept.kind === 'json' ? { value: text(kept.json) } : { packed: binary(kept.bytes) }) }
}

/** The row's key after a mark, as a sort key is never empty; where it is too long or no text for UTF-8, its hash and itself as JSON. */
function sortKeyOf(key: string): Item {
  if (key.isWellFormed() && Buffer.byteLength(key) < longestSortKey) return { sk: text(`=${key}`) }
  const hash = createHash('sha256').update(key, 'utf16le').digest('hex')
  return { sk: text(`#${hash}`), key: text(JSON.stringify(key)) }
}

function keyFrom(item: Item): string {
  return item.key?.S === undefined ? textOf(item, 'sk').slice(1) : JSON.parse(item.key.S)
}

/** None for a tombstone. */
function rowFrom(item: Item): ViewRow[] {
  const row = (value: unknown): ViewRow[] => [{ key: keyFrom(item), position: positionFrom(item), value }]
  if (item.value?.S !== undefined) return row(valueFrom({ kind: 'json', json: item.value.S }))
  if (item.packed?.B !== undefined) return row(valueFrom({ kind: 'bytes', bytes: item.packed.B }))
  return []
}

/** Only `put` writes them. */
const positionFrom = (item: Item): PositionText => textOf(item, 'position') as PositionText
