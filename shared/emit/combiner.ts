import type { Aggregator } from '../operators/aggregator.ts'

/**
 * Map-side combine of one edge: associative aggregates of the records of one Kinesis record are put together before the shuffle, per key
 * and slice of event time.
 *
 * What is put together depends on the Kinesis record alone, never on the batch that it came in: the platform may cut batches otherwise
 * on a retry, and a receiver drops by position, so a position must stand for the same records each time.
 */
export type CombineSpec = {
  /** The aggregates other than counts, which the weight of a message serves. */
  readonly aggregators: readonly Aggregator<unknown, unknown, unknown>[]
  /** Slices that no window cuts; undefined when no aggregate looks at event time. */
  readonly slices: { readonly sizeMs: number; readonly offsetMs: number } | undefined
}

/** Records of one key and slice, put together. */
export type Partial<Owner> = {
  owner: Owner
  slice: number
  /** Latest event time. */
  time: number
  weight: number
  /** Of one record what it shipped, of more an accumulator; a list of either where there are several aggregates. */
  value: unknown
}

/** Who a partial belongs to, with its newest one. */
export type PartialOwner<Owner> = { partial: Partial<Owner> | undefined }

export class Combiner<Owner extends PartialOwner<Owner>> {
  readonly #spec: CombineSpec
  #open: Partial<Owner>[] = []
  /** Of the record that runs now: taken in when it has run through, dropped when its function throws. Slots are used again. */
  readonly #stagedOwners: Owner[] = []
  readonly #stagedTimes: number[] = []
  readonly #stagedValues: unknown[] = []
  #staged = 0

  constructor(spec: CombineSpec) {
    this.#spec = spec
  }

  stage(owner: Owner, time: number, value: unknown): void {
    const at = this.#staged++
    this.#stagedOwners[at] = owner
    this.#stagedTimes[at] = time
    this.#stagedValues[at] = value
  }

  unstage(): void {
    this.#staged = 0
  }

  settle(): void {
    const staged = this.#staged
    for (let i = 0; i < staged; i++) this.#take(this.#stagedOwners[i], this.#stagedTimes[i], this.#stagedValues[i])
    this.#staged = 0
  }

  /** Hands over what was put together, in the order in which it began, and starts anew. */
  flush(each: (partial: Partial<Owner>) => void): void {
    for (const partial of this.#open) {
      each(partial)
      partial.owner.partial = undefined
    }
    if (this.#open.length > 0) this.#open = []
  }

  /** Drops it: its Kinesis record comes again. */
  discard(): void {
    this.unstage()
    this.flush(() => {})
  }

  #take(owner: Owner, time: number, value: unknown): void {
    const { slices } = this.#spec
    const slice = slices === undefined ? 0 : Math.floor((time - slices.offsetMs) / slices.sizeMs)
    const { partial } = owner
    if (partial === undefined || partial.slice !== slice) {
      const begun = { owner, slice, time, weight: 1, value }
      owner.partial = begun
      this.#open.push(begun)
      return
    }
    if (partial.weight === 1) partial.value = added(this.#spec, emptyOf(this.#spec), partial.value, partial.time)
    if (time > partial.time) partial.time = time
    partial.weight++
    partial.value = added(this.#spec, partial.value, value, time)
  }
}

function emptyOf({ aggregators }: CombineSpec): unknown {
  switch (aggregators.length) {
    case 0:
      return undefined
    case 1:
      return aggregators[0].create()
    default:
      return aggregators.map(aggregator => aggregator.create())
  }
}

function added({ aggregators }: CombineSpec, into: unknown, value: unknown, time: number): unknown {
  if (aggregators.length === 0) return undefined
  if (aggregators.length === 1) return aggregators[0].add(into, value, time)
  const [accumulators, values] = [into as unknown[], value as unknown[]]
  for (let i = 0; i < aggregators.length; i++) {
    accumulators[i] = aggregators[i].add(accumulators[i], values[i], time)
  }
  return accumulators
}
