import { encodeControl } from '../../shared/codecs/control.ts'
import { endOfTime } from '../../shared/model/event-time.ts'
import { limits } from '../../shared/model/limits.ts'
import type { WorkloadRecord } from './workload/workload.ts'
import type { World } from './world.ts'

type Queue = { readonly source: string; readonly records: readonly WorkloadRecord[]; next: number }

/** The producers of a run: each source's records in their order, sources interleaved at random or by the times that they have. */
export class Producers {
  readonly #world: World
  readonly #queues: readonly Queue[]
  readonly #beganMs: number
  hasEnded = false

  /** At most `mostRecords` of all sources together, each source in proportion. */
  constructor(world: World, mostRecords: number) {
    const { inputs } = world.workload
    const total = Object.values(inputs).reduce((sum, records) => sum + records.length, 0)
    const share = total > mostRecords ? mostRecords / total : 1
    this.#world = world
    this.#beganMs = world.nowMs
    this.#queues = Object.keys(inputs)
      .sort()
      .map(source => ({ source, records: inputs[source].slice(0, Math.ceil(inputs[source].length * share)), next: 0 }))
  }

  get total(): number {
    return this.#queues.reduce((sum, { records }) => sum + records.length, 0)
  }

  get isDone(): boolean {
    return this.#queues.every(({ records, next }) => next === records.length)
  }

  /** The next records of one source are put. */
  push(): void {
    const world = this.#world
    const left = this.#queues.filter(({ records, next }) => next < records.length)
    const queue = this.#pick(left)
    const most = Math.min(world.climate.putRecords, limits.putRecordsCount)
    const records = queue.records.slice(queue.next, queue.next + world.random.between(Math.ceil(most / 2), most))
    queue.next += records.length
    const last = records[records.length - 1].at
    if (last !== undefined) world.nowMs = Math.max(world.nowMs, this.#beganMs + last)
    const outcomes = world.put(queue.source, records)
    world.trace.note('pushes', queue.source, records.length, queue.next)
    world.trace.tell(() => `${records.length} records to ${queue.source}`)
    for (const [i, outcome] of outcomes.entries()) {
      if (outcome.kind === 'refused') continue
      const { shard, sequence } = outcome
      const { data, partitionKey } = records[i]
      const record = { source: queue.source, data, partitionKey, shard, sequence, arrivalMs: Math.floor(world.nowMs) }
      world.pushed.push(record)
      world.happen(() => ({ kind: 'pushed', record }))
    }
  }

  /** Every open shard of the sources hears that nothing is to come. */
  end(): void {
    const world = this.#world
    this.hasEnded = true
    const data = encodeControl({ kind: 'watermark', time: endOfTime })
    for (const { input } of world.plan.stages) {
      if (input.kind !== 'source') continue
      const { stream } = input
      world.put(
        stream,
        world.open(stream).map(({ range }) => ({ data, partitionKey: 'millrace', explicitHashKey: range.from })),
      )
    }
    world.trace.note('ends', '')
    world.trace.tell(() => 'the input ends')
  }

  /** By time where records have one, else in proportion to what is left. */
  #pick(left: readonly Queue[]): Queue {
    const timed = left.filter(({ records, next }) => records[next].at !== undefined)
    if (timed.length > 0) {
      return timed.reduce((a, b) => ((a.records[a.next].at ?? 0) <= (b.records[b.next].at ?? 0) ? a : b))
    }
    let at = this.#world.random.below(left.reduce((sum, { records, next }) => sum + records.length - next, 0))
    for (const queue of left) {
      at -= queue.records.length - queue.next
      if (at < 0) return queue
    }
    return left[0]
  }
}
