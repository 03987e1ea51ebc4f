import { endOfTime } from '../../model/event-time.ts'
import { type Key, type KeyRef, keyId, keyOf } from '../../model/key.ts'
import { compareKeys } from '../../model/key-order.ts'
import type { Loose } from '../../model/loose.ts'
import { nameAfter } from '../../state/counted-name.ts'
import { EntryStore, entryId, placeOf } from '../../state/entry-store.ts'
import { type Cell, KeyedStore } from '../../state/keyed-store.ts'
import type { Store } from '../../state/store.ts'
import { KeyTimers } from '../../time/key-timers.ts'
import type { OperatorDefinition } from '../definition.ts'
import { EndOfInput, emptied } from '../end-of-input.ts'
import type { OperatorContext, Push, StatefulOperator } from '../operator.ts'
import { wrapped } from '../user-function.ts'

/**
 * Records with a data set that every key group has (Spark: broadcast join; Kafka Streams: GlobalKTable). As of event time: a record
 * meets of each row the newest version that is not younger than itself, so it waits until the watermark reaches its time.
 */
export type BroadcastJoinSpec = {
  readonly kind: 'broadcastJoin'
  readonly type: 'inner' | 'left'
  /** Key of a row: a newer row of the same key takes its place. */
  readonly rowKey: Loose<[row: unknown], Key>
  /** Which row a record meets; left out where `where` looks at all of them. */
  readonly key?: Loose<[value: unknown, key: Key], Key>
  readonly where?: Loose<[value: unknown, row: unknown], boolean>
  readonly combine: Loose<[value: unknown, row: unknown], unknown>
}

/** How much event time later than the watermark a record of a silent key group may be joined. */
const silentMs = 1_000

export const recordsInput = 0

export function broadcastJoinDefinition(options: Omit<BroadcastJoinSpec, 'kind'>): OperatorDefinition {
  const spec: BroadcastJoinSpec = { kind: 'broadcastJoin', ...options }
  return {
    spec,
    meaning: 'broadcast join',
    inputs: ['records', 'broadcast'],
    explain: {
      function: `${spec.type} broadcast join${spec.key === undefined ? ', by a predicate' : ''}`,
      windows: 'as of event time',
      emits: 'joined records when the watermark reaches them',
      lateness: 'ever',
      keeps: 'records until the watermark reaches them, and all rows of the data set in each key group, for ever',
    },
    watermarks: { kind: 'any', silentMs },
    rows: 'none',
    sides: [],
    create: (name, context, outputs) => new BroadcastJoin(name, spec, context, outputs.push),
  }
}

/** Versions of a row, ascending by time. */
type Versions = readonly (readonly [time: number, row: unknown])[]
type Waiting = readonly [time: number, value: unknown]

export class BroadcastJoin implements StatefulOperator {
  readonly name: string
  readonly stores: readonly Store[]
  readonly #spec: BroadcastJoinSpec
  readonly #context: OperatorContext
  readonly #push: Push
  readonly #rows: KeyedStore<Versions>
  readonly #waiting: EntryStore<Waiting>
  /** The rows of a group in the order of their keys; forgotten when a new one comes. */
  readonly #inOrder: (readonly Cell<Versions>[] | undefined)[] = []
  readonly #due: (KeyTimers | undefined)[] = []
  /** When an older version of a row is of no use any more. */
  readonly #outdated: (KeyTimers | undefined)[] = []
  readonly #end: EndOfInput
  readonly #rowKey: (row: unknown) => string
  readonly #join: (value: unknown, key: Key, group: number, time: number) => readonly unknown[]

  constructor(name: string, spec: BroadcastJoinSpec, context: OperatorContext, push: Push) {
    this.name = name
    this.#spec = spec
    this.#context = context
    this.#push = push
    this.#rows = new KeyedStore(`${name}.rows`)
    this.#waiting = new EntryStore(`${name}.waiting`)
    this.stores = [this.#rows, this.#waiting]
    this.#end = new EndOfInput(emptied(this.#rows))
    this.#rowKey = wrapped(name, row => keyId(spec.rowKey(row)))
    this.#join = wrapped(name, (value, key, group, time) => {
      const rows = this.#meets(value, key, group, time)
      if (rows.length === 0 && spec.type === 'left') return [spec.combine(value, undefined)]
      return rows.map(row => spec.combine(value, row))
    })
  }

  process({ group, id }: KeyRef, value: unknown, time: number, input: number): void {
    const isLate = time <= this.#context.watermarks[group]
    if (isLate) this.#context.tallies.late += this.#context.weight
    if (input !== recordsInput) return this.#put(group, value, time)
    if (isLate) return this.#emit(group, id, value, time)
    const due = this.#dueOf(group)
    const sub = nameAfter(this.#waiting.last(group, id))
    this.#waiting.put(group, id, sub, [time, value])
    due.schedule(entryId(id, sub), time)
  }

  eventTimer(group: number): number {
    const at = Math.min(this.#dueOf(group).earliest, this.#outdatedOf(group).earliest)
    return Math.min(at, this.#end.timer(group))
  }

  fireEventTimer(group: number): void {
    const at = this.eventTimer(group)
    if (at === endOfTime) return this.#end.fire(group)
    const outdated = this.#outdatedOf(group)
    if (outdated.earliest === at) {
      const { id } = outdated.take()
      const cell = this.#rows.get(group, id)
      if (cell !== undefined) this.#drop(cell, at)
      return
    }
    const { id, sub } = placeOf(this.#dueOf(group).take().id)
    this.#context.fired(this.name, group, at, id)
    const cell = this.#waiting.get(group, id, sub)
    if (cell === undefined) return
    this.#waiting.delete(cell)
    const [time, value] = cell.value
    if (!this.#context.isDiscarding) this.#emit(group, id, value, time)
  }

  #emit(group: number, id: string, value: unknown, time: number): void {
    for (const result of this.#join(value, keyOf(id), group, time)) this.#push(result, time, undefined)
  }

  /** The rows that a record meets, in the order of their keys. */
  #meets(value: unknown, key: Key, group: number, time: number): unknown[] {
    const { where, key: keyOfValue } = this.#spec
    const cells =
      keyOfValue === undefined ? this.#rowsOf(group) : [this.#rows.get(group, keyId(keyOfValue(value, key)))]
    return cells.flatMap(cell => {
      if (cell === undefined || cell.isDeleted) return []
      const version = cell.value.findLast(([since]) => since <= time)
      return version !== undefined && (where === undefined || where(value, version[1])) ? [version[1]] : []
    })
  }

  /** Those that have gone since may be among them. */
  #rowsOf(group: number): readonly Cell<Versions>[] {
    this.#inOrder[group] ??= Array.from(this.#rows.cells(group), cell => ({ cell, key: keyOf(cell.id) }))
      .sort((a, b) => compareKeys(a.key, b.key))
      .map(({ cell }) => cell)
    return this.#inOrder[group]
  }

  #put(group: number, row: unknown, time: number): void {
    const id = this.#rowKey(row)
    const known = this.#rows.get(group, id)
    if (known === undefined) this.#inOrder[group] = undefined
    const others = known?.value.filter(([since]) => since !== time) ?? []
    const versions = [...others, [time, row] as const].sort(([a], [b]) => a - b)
    const cell = this.#rows.put(group, id, versions)
    this.#drop(cell, this.#context.watermarks[group])
  }

  /** Drops the versions that are older than the newest one that the watermark has reached. */
  #drop(cell: Cell<Versions>, watermark: number): void {
    const newest = cell.value.findLastIndex(([since]) => since <= watermark)
    if (newest > 0) this.#rows.put(cell.group, cell.id, cell.value.slice(newest))
    if (cell.value.length > 1) this.#outdatedOf(cell.group).schedule(cell.id, cell.value[1][0])
  }

  #dueOf(group: number): KeyTimers {
    let due = this.#due[group]
    if (due === undefined) {
      due = new KeyTimers()
      this.#due[group] = due
      for (const { id, cells } of this.#waiting.owners(group)) {
        for (const { sub, value } of cells.values()) due.schedule(entryId(id, sub), value[0])
      }
    }
    return due
  }

  #outdatedOf(group: number): KeyTimers {
    let outdated = this.#outdated[group]
    if (outdated === undefined) {
      outdated = new KeyTimers()
      this.#outdated[group] = outdated
      for (const { id, value } of this.#rows.cells(group)) if (value.length > 1) outdated.schedule(id, value[1][0])
    }
    return outdated
  }
}
