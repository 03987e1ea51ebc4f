import { endOfTime, lastEventTime } from '../model/event-time.ts'
import { type Key, type KeyRef, keyId } from '../model/key.ts'
import { compareKeys } from '../model/key-order.ts'
import { KeyedStore } from '../state/keyed-store.ts'
import type { Store } from '../state/store.ts'
import { KeyTimers } from '../time/key-timers.ts'
import { closedAt, dueAt, rowTime, type Window, type WindowKind } from '../windows/window.ts'
import type { OperatorContext, StatefulOperator } from './operator.ts'

/** What travels to a top: the newest state of a row; a value that is undefined says that the row is gone. */
export type TopEntry = readonly [key: Key, value: unknown, start?: number, end?: number]

export type TopRow = { readonly window?: Window; readonly rank: number; readonly key: Key; readonly value: unknown }

/** The rows of a whole ranking at once: readers of a view never see half of one. `board` names the ranking. */
export type PushRanking = (
  rows: readonly TopRow[],
  time: number,
  board: { readonly id: string; readonly group: number; readonly window: Window | undefined },
) => void

export type TopSpec = {
  readonly name: string
  readonly count: number
  readonly emission: TopEmission
  readonly latenessMs: number
  /** Of the windows that its rows come in; `global` where they come in none. */
  readonly windowKind: WindowKind
}

/** Of rankings without window `updates` is the default, of windows what their rows come by. */
export type TopEmission = { readonly kind: 'final' } | { readonly kind: 'updates' }

/** Rows of one ranking. `best` holds the first `count`, in order; undefined when it must be looked for again. */
type Board = {
  readonly id: string
  readonly group: number
  readonly window: Window | undefined
  readonly rows: Map<string, TopEntry>
  best: TopEntry[] | undefined
  /** Event time of the latest change since it last went out. */
  time: number
  /** Changed since it last went out. */
  isChanged: boolean
  /** Went out for the last time: its rows go. */
  isLeaving: boolean
}

/** Rows of a ranking that go at a time: as many as a commit holds easily. */
const leavingAtATime = 1_000

/**
 * The `count` rows with the greatest values, one ranking per window, or one over all. Equal values rank by key, the lower first.
 * Keeps every row, as a value may fall; a windowed ranking goes with its window, one without at the end of a bounded input.
 */
export class Top implements StatefulOperator {
  readonly name: string
  readonly stores: readonly Store[]
  readonly #spec: TopSpec
  readonly #rows: KeyedStore<TopEntry>
  readonly #boards: (Map<string, Board> | undefined)[] = []
  readonly #timers: (KeyTimers | undefined)[] = []
  readonly #context: OperatorContext
  readonly #push: PushRanking

  constructor(spec: TopSpec, context: OperatorContext, push: PushRanking) {
    this.name = spec.name
    this.#spec = spec
    this.#context = context
    this.#push = push
    this.#rows = new KeyedStore(spec.name)
    this.stores = [this.#rows]
  }

  process(ref: KeyRef, value: unknown, time: number): void {
    const entry = value as TopEntry
    const window = windowOf(entry)
    const watermark = this.#context.watermarks[ref.group]
    if (window !== undefined && this.#closedAt(window) <= watermark) {
      this.#context.tallies.expired += this.#context.weight
      return
    }
    if (time <= watermark) this.#context.tallies.late += this.#context.weight
    const board = this.#boardOf(ref.group, window)
    const key = keyId(entry[0])
    const cell = this.#rows.get(ref.group, rowId(board.id, key))
    if (entry[1] !== undefined) this.#rows.put(ref.group, rowId(board.id, key), entry)
    else if (cell !== undefined) this.#rows.delete(cell)
    // After a load the best are looked for first, to tell whether the ranking changes.
    if (!board.isChanged && this.#spec.emission.kind === 'updates') board.best ??= this.#bestOf(board)
    if (place(board, key, entry, this.#spec.count)) {
      board.time = Math.max(board.time, time)
      board.isChanged = true
    }
    this.#timersOf(ref.group).schedule(board.id, this.#dueOf(board, watermark))
  }

  eventTimer(group: number): number {
    return this.#timersOf(group).earliest
  }

  fireEventTimer(group: number): void {
    const timers = this.#timersOf(group)
    const { at, id } = timers.take()
    this.#context.fired(this.name, group, at, id)
    const boards = this.#boardsOf(group)
    const board = boards.get(id)
    if (board === undefined) return
    const isOnTime = this.#spec.emission.kind === 'final' && this.#fireAt(board) === at && !board.isLeaving
    if (isOnTime ? board.rows.size > 0 : board.isChanged) this.#emit(board)
    if (this.#goneAt(board) <= at) {
      this.#leave(board)
      if (board.rows.size > 0) timers.schedule(id, at)
      else boards.delete(id)
      return
    }
    timers.schedule(id, this.#dueOf(board, at))
  }

  flush(): void {
    for (const [group, boards] of this.#boards.entries()) {
      if (boards === undefined) continue
      for (const board of boards.values()) {
        const hasFired = board.window !== undefined && this.#fireAt(board) <= this.#context.watermarks[group]
        if (board.isChanged && (this.#spec.emission.kind === 'updates' || hasFired)) this.#emit(board)
      }
    }
  }

  #emit(board: Board): void {
    board.best ??= this.#bestOf(board)
    const { window, time } = board
    const ranking = board.best.map(([key, value], i) => ({ ...(window && { window }), rank: i + 1, key, value }))
    board.isChanged = false
    board.time = Number.NEGATIVE_INFINITY
    const { emission, windowKind } = this.#spec
    const latest = emission.kind === 'final' ? lastEventTime : time
    this.#push(ranking, window === undefined ? latest : rowTime(windowKind, window.end), board)
  }

  #bestOf(board: Board): TopEntry[] {
    return [...board.rows.values()].sort(compareEntries).slice(0, this.#spec.count)
  }

  #leave(board: Board): void {
    board.isLeaving = true
    let left = leavingAtATime
    for (const key of board.rows.keys()) {
      if (left-- === 0) return
      const cell = this.#rows.get(board.group, rowId(board.id, key))
      if (cell !== undefined) this.#rows.delete(cell)
      board.rows.delete(key)
    }
  }

  /** Least watermark above `watermark` at which the ranking fires or goes. */
  #dueOf(board: Board, watermark: number): number {
    const fire = this.#fireAt(board)
    return fire > watermark ? fire : this.#goneAt(board)
  }

  readonly #fireAt = ({ window }: Board): number =>
    window === undefined ? endOfTime : dueAt(this.#spec.windowKind, window.end)
  readonly #goneAt = ({ window }: Board): number => (window === undefined ? endOfTime : this.#closedAt(window))
  readonly #closedAt = ({ end }: Window): number => closedAt(this.#spec.windowKind, end, this.#spec.latenessMs)

  #boardOf(group: number, window: Window | undefined): Board {
    const boards = this.#boardsOf(group)
    const id = window === undefined ? '' : `${window.start}:${window.end}`
    let board = boards.get(id)
    if (board === undefined) {
      const time = Number.NEGATIVE_INFINITY
      const rows = new Map<string, TopEntry>()
      board = { id, group, window, rows, best: undefined, time, isChanged: false, isLeaving: false }
      boards.set(id, board)
    }
    return board
  }

  #boardsOf(group: number): Map<string, Board> {
    const known = this.#boards[group]
    if (known !== undefined) return known
    const boards = new Map<string, Board>()
    this.#boards[group] = boards
    for (const cell of this.#rows.cells(group)) {
      const board = this.#boardOf(group, windowOf(cell.value))
      board.rows.set(keyId(cell.value[0]), cell.value)
    }
    return boards
  }

  #timersOf(group: number): KeyTimers {
    let timers = this.#timers[group]
    if (timers === undefined) {
      timers = new KeyTimers()
      for (const board of this.#boardsOf(group).values()) {
        const watermark = this.#context.firedUntil(this.name, group, board.id)
        board.isLeaving = this.#goneAt(board) <= watermark && this.#context.watermarks[group] < watermark
        timers.schedule(board.id, this.#dueOf(board, watermark))
      }
      this.#timers[group] = timers
    }
    return timers
  }
}

const rowId = (board: string, key: string): string => `${board}/${key}`

function windowOf([, , start, end]: TopEntry): Window | undefined {
  return start === undefined || end === undefined ? undefined : { start, end }
}

/** The greater value first, then the lower key; NaN, which is neither, after all others. */
function compareEntries(a: TopEntry, b: TopEntry): number {
  const [x, y] = [a[1] as number, b[1] as number]
  if (x > y) return -1
  if (x < y) return 1
  const [isLast, isOtherLast] = [Number.isNaN(x), Number.isNaN(y)]
  return isLast === isOtherLast ? compareKeys(a[0], b[0]) : isLast ? 1 : -1
}

/**
 * Puts the newest state of a row where it belongs; only a row that falls from the best ones makes it look at all rows again. Answers
 * whether the ranking may have changed.
 */
function place(board: Board, key: string, entry: TopEntry, count: number): boolean {
  const before = board.rows.get(key)
  const isGone = entry[1] === undefined
  if (isGone && before === undefined) return false
  if (isGone) board.rows.delete(key)
  else board.rows.set(key, entry)
  const { best } = board
  if (best === undefined) return true
  const held = before === undefined ? -1 : best.indexOf(before)
  if (held >= 0) best.splice(held, 1)
  const outside = board.rows.size - best.length - (isGone ? 0 : 1)
  const hasFallen = held >= 0 && (isGone || before === undefined || compareEntries(entry, before) > 0)
  if (hasFallen && outside > 0) {
    board.best = undefined
    return true
  }
  if (isGone) return held >= 0
  const at = best.findIndex(other => compareEntries(entry, other) < 0)
  if (at >= 0) best.splice(at, 0, entry)
  else if (best.length < count) best.push(entry)
  else return false
  if (best.length > count) best.length = count
  return true
}
