import { type MapOwner, MapStore } from '../../state/map-store.ts'

const none: readonly number[] = []

/** Values of a key by event time, at hand in the order of time. */
export class TimedEntries<V> {
  readonly store: MapStore<V>
  /** Times in order, derived from the store. */
  readonly #times = new WeakMap<MapOwner<V>, number[]>()

  constructor(name: string) {
    this.store = new MapStore(name)
  }

  /** In order. Not to be kept: it changes with the entries. */
  times(group: number, id: string): readonly number[] {
    const owner = this.store.find(group, id)
    return owner === undefined ? none : this.#timesOf(owner)
  }

  /** Those up to `time`. */
  timesUntil(group: number, id: string, time: number): readonly number[] {
    const times = this.times(group, id)
    return times.slice(0, countUntil(times, time))
  }

  lastTimeUntil(group: number, id: string, time: number): number | undefined {
    const times = this.times(group, id)
    return times[countUntil(times, time) - 1]
  }

  timeAfter(group: number, id: string, time: number): number | undefined {
    const times = this.times(group, id)
    return times[countUntil(times, time)]
  }

  get(group: number, id: string, time: number): V | undefined {
    const owner = this.store.find(group, id)
    return owner && this.store.get(owner, time)?.value
  }

  put(group: number, id: string, time: number, value: V): void {
    const owner = this.store.owner(group, id)
    const cell = this.store.get(owner, time)
    if (cell !== undefined) {
      cell.value = value
      this.store.touch(cell)
      return
    }
    const times = this.#timesOf(owner)
    this.store.put(owner, time, value)
    // Records of a key come in about the order of their time.
    if (times.length === 0 || times[times.length - 1] < time) times.push(time)
    else times.splice(countUntil(times, time), 0, time)
  }

  /** Takes out the earliest `count` entries. */
  dropFirst(group: number, id: string, count: number): void {
    const owner = this.store.find(group, id)
    if (owner === undefined || count === 0) return
    for (const time of this.#timesOf(owner).splice(0, count)) {
      const cell = this.store.get(owner, time)
      if (cell !== undefined) this.store.delete(cell)
    }
  }

  /** Keys that have entries. */
  *ids(group: number): Iterable<string> {
    for (const { id } of this.store.owners(group)) yield id
  }

  #timesOf(owner: MapOwner<V>): number[] {
    let times = this.#times.get(owner)
    if (times === undefined) {
      times = [...owner.cells.keys()].sort((a, b) => a - b)
      this.#times.set(owner, times)
    }
    return times
  }
}

/** How many of the ordered times are at or before `time`. */
function countUntil(times: readonly number[], time: number): number {
  let [from, to] = [0, times.length]
  while (from < to) {
    const middle = (from + to) >> 1
    if (times[middle] <= time) from = middle + 1
    else to = middle
  }
  return from
}
