import type { Codec } from './codec.ts'
import { type ChangeNotice, Fields, jsonObject, type RowChange, rowOf } from './row-change.ts'

const what = 'Debezium change'

const kinds: Readonly<Record<string, RowChange<unknown>['kind']>> = {
  c: 'insert',
  r: 'insert',
  u: 'updateAfter',
  d: 'delete',
}

const notices: Readonly<Record<string, ChangeNotice['notice']>> = { t: 'truncate', m: 'message' }

/**
 * Debezium's change events as JSON, with or without `schema` and `payload` around them. Event time is the database's (`source.ts_ms`), else
 * the connector's. A row that was read when the capture began (`op` r) is an insert with `isSnapshot`. Tombstones, truncates and
 * messages are notices: let them out with `filter(isRowChange)`. Without `validate` the row's type is taken on trust.
 *
 * Of an update and a delete `before` is what the database tells: with PostgreSQL's default replica identity nothing, and of a delete the
 * key only.
 *
 * ```ts
 * export const table = pipeline('table', ({ source }) => {
 *   const users = source('users', { codec: debezium<{ id: string }>(), eventTime: change => change.time })
 *     .filter(isRowChange)
 *     .keyBy('user', change => change.row.id)
 *     .materialize('users')
 *   return { users }
 * })
 * ```
 */
export function debezium<Row>(validate?: (row: unknown) => Row): Codec<RowChange<Row> | ChangeNotice> {
  return {
    name: 'debezium',
    decode: (bytes, start, end) => {
      if (isTombstone(bytes, start, end)) return tombstone
      const values = jsonObject(what, bytes, start, end)
      if (!('payload' in values) || 'op' in values) return decode(new Fields(what, values), validate)
      if (values.payload === null) return tombstone
      return decode(new Fields(what, values).object('payload'), validate)
    },
    encode: change => Buffer.from(JSON.stringify(change.kind === 'notice' ? null : recordOf(change)), 'utf8'),
  }
}

const tombstone: ChangeNotice = Object.freeze({ kind: 'notice', notice: 'tombstone', time: 0 })

/** No bytes at all, or JSON's null. */
const isTombstone = (bytes: Uint8Array, start: number, end: number): boolean =>
  start === end ||
  (end - start <= 16 && /^\s*null\s*$/.test(Buffer.from(bytes.subarray(start, end)).toString('latin1')))

function decode<Row>(record: Fields, validate: ((row: unknown) => Row) | undefined): RowChange<Row> | ChangeNotice {
  const op = record.value('op')
  const notice = typeof op === 'string' ? notices[op] : undefined
  if (notice !== undefined) return { kind: 'notice', notice, time: timeOf(record) }
  const kind = typeof op === 'string' ? kinds[op] : undefined
  if (kind === undefined) return record.refuse('op', 'one of c, u, d, r, t, m')
  const time = timeOf(record)
  const image = (field: string) => rowOf(what, record.record(field), validate)
  const before = record.has('before') ? image('before') : undefined
  const row = kind === 'delete' ? image('before') : image('after')
  return { kind, row, ...(before !== undefined && { before }), time, ...(op === 'r' && { isSnapshot: true }) }
}

function timeOf(record: Fields): number {
  if (record.has('source')) {
    const source = record.object('source')
    if (source.has('ts_ms')) return source.number('ts_ms')
  }
  return record.number('ts_ms')
}

function recordOf<Row>({ kind, row, before, time, isSnapshot }: RowChange<Row>): unknown {
  const op = isSnapshot === true ? 'r' : { insert: 'c', updateAfter: 'u', delete: 'd' }[kind]
  const isDelete = kind === 'delete'
  return {
    before: (isDelete ? (before ?? row) : before) ?? null,
    after: isDelete ? null : row,
    source: { ts_ms: time },
    op,
    ts_ms: time,
  }
}
