import { EntryStore, entryId, placeOf } from '../../state/entry-store.ts'
import { KeyTimers } from '../../time/key-timers.ts'

export type TimerKind = 'event' | 'arrival'

/** A timer as it is handed to the function that it calls. */
export type Timer = {
  readonly kind: TimerKind
  /** Event time or arrival time for which it was set, in epoch milliseconds. */
  readonly at: number
  readonly name: string
}

/** The timer of a key, and the event time of what set it. */
export type SetTimer = Timer & { readonly id: string; readonly time: number }

/** The timers of a process function: one per key, kind, time and name. Stored; the heaps are rebuilt after a load. */
export class ProcessTimers {
  readonly store: EntryStore<number>
  readonly #event: (KeyTimers | undefined)[] = []
  readonly #arrival: (KeyTimers | undefined)[] = []

  constructor(operator: string) {
    this.store = new EntryStore(`${operator}:timers`)
  }

  set(group: number, id: string, timer: Timer, time: number): void {
    const sub = subOf(timer)
    if (this.store.get(group, id, sub) !== undefined) return
    const heap = this.#heapOf(group, timer.kind)
    this.store.put(group, id, sub, time)
    heap.schedule(entryId(id, sub), timer.at)
  }

  cancel(group: number, id: string, timer: Timer): void {
    const sub = subOf(timer)
    const cell = this.store.get(group, id, sub)
    if (cell === undefined) return
    this.#heapOf(group, timer.kind).cancel(entryId(id, sub))
    this.store.delete(cell)
  }

  /** Drops all timers of a key. */
  clear(group: number, id: string): void {
    for (const cell of [...(this.store.find(group, id)?.cells.values() ?? [])]) {
      this.cancel(group, id, timerOf(cell.sub))
    }
  }

  earliest(group: number, kind: TimerKind): number {
    return this.#heapOf(group, kind).earliest
  }

  /** Takes out the one that is due first. Only called when there is one. */
  take(group: number, kind: TimerKind): SetTimer {
    const { id, sub } = placeOf(this.#heapOf(group, kind).take().id)
    const cell = this.store.get(group, id, sub)
    if (cell === undefined) throw new Error(`Cannot fire a timer: "${sub}" is not in store "${this.store.name}"`)
    this.store.delete(cell)
    return { ...timerOf(sub), id, time: cell.value }
  }

  #heapOf(group: number, kind: TimerKind): KeyTimers {
    const heaps = kind === 'event' ? this.#event : this.#arrival
    let heap = heaps[group]
    if (heap === undefined) {
      heap = new KeyTimers()
      heaps[group] = heap
      for (const { id, cells } of this.store.owners(group)) {
        for (const sub of cells.keys()) {
          const timer = timerOf(sub)
          if (timer.kind === kind) heap.schedule(entryId(id, sub), timer.at)
        }
      }
    }
    return heap
  }
}

const letters = { event: 'e', arrival: 'a' } as const

const subOf = ({ kind, at, name }: Timer): string => `${letters[kind]}${at}/${name}`

function timerOf(sub: string): Timer {
  const slash = sub.indexOf('/')
  return {
    kind: sub[0] === letters.event ? 'event' : 'arrival',
    at: Number(sub.slice(1, slash)),
    name: sub.slice(slash + 1),
  }
}
