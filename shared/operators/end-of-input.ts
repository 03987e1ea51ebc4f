import { endOfTime } from '../model/event-time.ts'
import type { EntryCell, EntryOwner, EntryStore } from '../state/entry-store.ts'

/** A store of which all that is left goes at the end of input. */
export type Emptied = { size(group: number): number; takeOne(group: number): void }

/** Entries that one timer takes out: a commit may be cut between two timers, and a timer costs more than an entry. */
const silentEntries = 32

/**
 * Empties stores when the watermark reaches the end of time: nothing comes after it. A timer that is due then is rebuilt from what is
 * left, so a cut between two goes on where it was.
 */
export class EndOfInput {
  readonly #stores: readonly Emptied[]
  #entriesPerTimer = silentEntries

  constructor(...stores: readonly Emptied[]) {
    this.#stores = stores
  }

  /** Where something goes out for an entry, each has a timer of its own: what fails, or is too much for a commit, is that entry alone. */
  static oneByOne(...stores: readonly Emptied[]): EndOfInput {
    const end = new EndOfInput(...stores)
    end.#entriesPerTimer = 1
    return end
  }

  timer(group: number): number {
    return this.#stores.some(store => store.size(group) > 0) ? endOfTime : Number.POSITIVE_INFINITY
  }

  fire(group: number): void {
    let left = this.#entriesPerTimer
    for (const store of this.#stores) {
      for (; left > 0 && store.size(group) > 0; left--) store.takeOne(group)
    }
  }
}

type Cells<Cell> = { size(group: number): number; cells(group: number): Iterable<Cell>; delete(cell: Cell): void }

/** Of a store of cells; `taken` hears of each. */
export const emptied = <Cell>(store: Cells<Cell>, taken: (cell: Cell) => void = () => {}): Emptied =>
  emptiedBy(
    group => store.size(group),
    group => store.cells(group),
    cell => {
      store.delete(cell)
      taken(cell)
    },
  )

/** Of a store whose keys have several entries each. */
export const emptiedEntries = <V>(store: EntryStore<V>, taken: (owner: EntryOwner<V>) => void = () => {}): Emptied =>
  emptiedBy(
    group => store.size(group),
    group => entriesOf(store.owners(group)),
    cell => {
      taken(cell.owner)
      store.delete(cell)
    },
  )

function* entriesOf<V>(owners: Iterable<EntryOwner<V>>): Iterable<EntryCell<V>> {
  for (const owner of owners) yield* owner.cells.values()
}

/** In one pass over the entries: each look at the first one would pass over all that are gone. */
function emptiedBy<Entry>(
  size: (group: number) => number,
  entries: (group: number) => Iterable<Entry>,
  take: (entry: Entry) => void,
): Emptied {
  const passes = new Map<number, Iterator<Entry>>()
  return {
    size,
    takeOne: group => {
      let next = passes.get(group)?.next()
      if (next === undefined || next.done === true) {
        const pass = entries(group)[Symbol.iterator]()
        passes.set(group, pass)
        next = pass.next()
      }
      if (next.done !== true) take(next.value)
    },
  }
}
