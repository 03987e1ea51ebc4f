import { type MapCell, type MapOwner, MapStore } from '../../state/map-store.ts'
import type { Store } from '../../state/store.ts'
import type { TimerOwner } from '../../time/timer-heap.ts'
import type { Side } from './join-types.ts'

/**
 * A record that waits for records of the other side: its event time, its value, the watermark at which it goes, and whether it has
 * met a record already, as far as its join wants to know.
 */
export type Kept = [time: number, value: unknown, due: number, isMatched: boolean]

export type KeptCell = MapCell<Kept>

/** All records that the two sides of a join keep, one entry each, numbered per key and side as they came. */
export class JoinState {
  readonly stores: readonly Store[]
  readonly #sides: readonly [MapStore<Kept>, MapStore<Kept>]
  readonly #isLeftInOrder: boolean
  readonly #groups: (Map<string, JoinKey> | undefined)[] = []

  /** `isLeftInOrder` says that the left records of a key go in the order of their event times. Those of the right do. */
  constructor(name: string, isLeftInOrder: boolean) {
    this.#sides = [new MapStore(`${name}:left`), new MapStore(`${name}:right`)]
    this.stores = this.#sides
    this.#isLeftInOrder = isLeftInOrder
  }

  /** Its records are derived from the stores when it is asked for the first time after a load. */
  key(group: number, id: string): JoinKey {
    let keys = this.#groups[group]
    if (keys === undefined) {
      keys = new Map()
      this.#groups[group] = keys
    }
    let key = keys.get(id)
    if (key === undefined) {
      const [left, right] = this.#sides
      key = new JoinKey(
        id,
        new KeyRecords(left, group, id, this.#isLeftInOrder),
        new KeyRecords(right, group, id, true),
      )
      keys.set(id, key)
    }
    return key
  }

  /** A key is done with: it is forgotten when it keeps nothing, and its timer with it. */
  release(group: number, id: string, key: JoinKey): void {
    if (!key.left.isEmpty || !key.right.isEmpty) return
    key.timer = Number.POSITIVE_INFINITY
    this.#groups[group]?.delete(id)
  }

  /** All keys that keep records. */
  keys(group: number): JoinKey[] {
    const ids = new Set(this.#sides.flatMap(store => Array.from(store.owners(group), owner => owner.id)))
    return Array.from(ids, id => this.key(group, id))
  }
}

/** What is kept for one key. */
export class JoinKey implements TimerOwner {
  readonly id: string
  readonly left: KeyRecords
  readonly right: KeyRecords
  timer = Number.POSITIVE_INFINITY

  constructor(id: string, left: KeyRecords, right: KeyRecords) {
    this.id = id
    this.left = left
    this.right = right
  }

  side(side: Side): KeyRecords {
    return side === 0 ? this.left : this.right
  }

  get earliestDue(): number {
    return Math.min(this.left.earliestDue, this.right.earliestDue)
  }
}

/** From this many records of a key on, those that came last are known without a search. */
const manyRecords = 16

/** The records of one key and side, in the order of event time, equal ones as they came. Most keys have few, or one side only. */
export class KeyRecords {
  readonly #store: MapStore<Kept>
  readonly #group: number
  readonly #id: string
  readonly #isInOrder: boolean
  #owner: MapOwner<Kept> | undefined
  #byTime: Sorted | undefined
  /** The same as by time where records go in that order. */
  #byDue: Sorted | undefined
  /** Once there are many: as they came; those that have gone are let go of now and then. */
  #arrived: KeptCell[] | undefined

  constructor(store: MapStore<Kept>, group: number, id: string, isInOrder: boolean) {
    this.#store = store
    this.#group = group
    this.#id = id
    this.#isInOrder = isInOrder
    this.#owner = store.find(group, id)
    if (this.#owner !== undefined) this.#index([...this.#owner.cells.values()])
  }

  get isEmpty(): boolean {
    return this.#byTime?.first === undefined
  }

  get earliestDue(): number {
    return this.#byDue?.first?.value[2] ?? Number.POSITIVE_INFINITY
  }

  /** The one with the earliest event time. */
  get first(): KeptCell | undefined {
    return this.#byTime?.first
  }

  get all(): readonly KeptCell[] {
    return this.between(Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY)
  }

  /** Those with event times from `from` to `to`, both included. */
  between(from: number, to: number): readonly KeptCell[] {
    return this.#byTime?.between(from, to) ?? none
  }

  add(time: number, value: unknown, due: number, isMatched: boolean): void {
    // The store forgets an owner that has nothing left.
    if (this.#owner === undefined || this.isEmpty) this.#owner = this.#store.owner(this.#group, this.#id)
    const cell = this.#store.put(this.#owner, this.#next(), [time, value, due, isMatched])
    this.#arrive(cell, this.#owner.cells.size)
    if (this.#byTime === undefined) this.#index([cell])
    else this.#insert(cell)
  }

  markMatched(cell: KeptCell): void {
    if (cell.value[3]) return
    cell.value[3] = true
    this.#store.touch(cell)
  }

  /** It has met a record, and goes sooner for it. */
  bringForward(cell: KeptCell, due: number): void {
    this.#drop(cell)
    cell.value[2] = due
    cell.value[3] = true
    this.#store.touch(cell)
    this.#insert(cell)
  }

  remove(cell: KeptCell): void {
    this.#drop(cell)
    this.#store.delete(cell)
  }

  /** Takes out what goes at this watermark, in the order in which it goes, and no more than `most`. */
  takeDue(at: number, most = Number.POSITIVE_INFINITY): readonly KeptCell[] {
    if (this.#byDue === undefined || this.earliestDue > at) return none
    const due = this.#byDue.takeDue(at, most)
    for (const cell of due) {
      if (!this.#isInOrder) this.#byTime?.remove(cell)
      this.#store.delete(cell)
    }
    return due
  }

  /** One above the numbers of the records that are there, so that it is the same after a restart. */
  #next(): number {
    const arrived = this.#arrived
    if (arrived === undefined) return this.all.reduce((next, cell) => Math.max(next, cell.sub + 1), 0)
    while (arrived.length > 0 && arrived[arrived.length - 1].isDeleted) arrived.pop()
    return arrived.length === 0 ? 0 : arrived[arrived.length - 1].sub + 1
  }

  /** A record has come, and with it there are so many. */
  #arrive(cell: KeptCell, count: number): void {
    if (this.#arrived === undefined) {
      if (count >= manyRecords) this.#arrived = [...this.all, cell].sort((a, b) => a.sub - b.sub)
      return
    }
    if (this.#arrived.length > 2 * count) this.#arrived = this.#arrived.filter(each => !each.isDeleted)
    this.#arrived.push(cell)
  }

  #index(cells: readonly KeptCell[]): void {
    this.#byTime = new Sorted(0, cells)
    this.#byDue = this.#isInOrder ? this.#byTime : new Sorted(2, cells)
    if (this.#arrived === undefined && cells.length >= manyRecords)
      this.#arrived = cells.toSorted((a, b) => a.sub - b.sub)
  }

  #insert(cell: KeptCell): void {
    this.#byTime?.insert(cell)
    if (!this.#isInOrder) this.#byDue?.insert(cell)
  }

  #drop(cell: KeptCell): void {
    this.#byTime?.remove(cell)
    if (!this.#isInOrder) this.#byDue?.remove(cell)
  }
}

const none: readonly KeptCell[] = []

/** Cells by a number of theirs, equal ones as they came: mostly added at the end and taken from the front, so both are cheap. */
class Sorted {
  readonly #by: 0 | 2
  #cells: KeptCell[]
  /** Those before it have been taken. */
  #head = 0

  constructor(by: 0 | 2, cells: readonly KeptCell[]) {
    this.#by = by
    this.#cells = cells.length === 1 ? [cells[0]] : cells.toSorted((a, b) => a.value[by] - b.value[by] || a.sub - b.sub)
  }

  get first(): KeptCell | undefined {
    return this.#cells[this.#head]
  }

  between(from: number, to: number): KeptCell[] {
    const by = this.#by
    const cells = this.#cells
    const start = this.#position(from, -1)
    let end = start
    while (end < cells.length && cells[end].value[by] <= to) end++
    return cells.slice(start, end)
  }

  insert(cell: KeptCell): void {
    const at = this.#position(cell.value[this.#by], cell.sub)
    if (at === this.#cells.length) this.#cells.push(cell)
    else this.#cells.splice(at, 0, cell)
  }

  remove(cell: KeptCell): void {
    const at = this.#position(cell.value[this.#by], cell.sub)
    if (at === this.#head) this.#taken(1)
    else this.#cells.splice(at, 1)
  }

  takeDue(at: number, most: number): KeptCell[] {
    const start = this.#head
    const last = Math.min(this.#cells.length, start + most)
    let end = start
    while (end < last && this.#cells[end].value[2] <= at) end++
    const taken = this.#cells.slice(start, end)
    this.#taken(taken.length)
    return taken
  }

  #taken(count: number): void {
    this.#head += count
    if (2 * this.#head < this.#cells.length) return
    this.#cells = this.#cells.slice(this.#head)
    this.#head = 0
  }

  /** Where a cell with this number stands, or would. */
  #position(number: number, sub: number): number {
    const cells = this.#cells
    const by = this.#by
    let low = this.#head
    let high = cells.length
    // Records mostly come in order: the end is tried first.
    if (high > low && isBefore(cells[high - 1], by, number, sub)) return high
    while (low < high) {
      const middle = (low + high) >> 1
      if (isBefore(cells[middle], by, number, sub)) low = middle + 1
      else high = middle
    }
    return low
  }
}

const isBefore = (cell: KeptCell, by: 0 | 2, number: number, sub: number): boolean =>
  cell.value[by] < number || (cell.value[by] === number && cell.sub < sub)
