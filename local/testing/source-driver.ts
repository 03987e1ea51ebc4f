import { encodeControl } from '../../shared/codecs/control.ts'
import { endOfTime } from '../../shared/model/event-time.ts'
import type { HashRange } from '../../shared/model/hash-range.ts'
import { hashKeyOfPartitionKey, isInRange } from '../../shared/model/hash-range.ts'
import type { SourceNode } from '../../shared/plan/source.ts'
import type { Machine } from './machine.ts'

/** Where pushed records go. */
export type PushOptions = {
  /** Of every record pushed. Default: another one for each record, so that they spread over the shards. */
  readonly partitionKey?: string
  /** The shard to push to: an index into the open shards, from 0. Default: by partition key. */
  readonly shard?: number
}

/** A source's stream. Each method resolves when the pipeline has settled, unless the driver was made with `auto: false`. */
export class SourceDriver<T> {
  readonly #machine: Machine
  readonly #source: SourceNode
  readonly #options: PushOptions
  readonly #pushed: { count: number }

  constructor(machine: Machine, source: SourceNode, options: PushOptions = {}, pushed = { count: 0 }) {
    this.#machine = machine
    this.#source = source
    this.#options = options
    this.#pushed = pushed
  }

  /** The same source, with every push going to one shard or under one partition key. */
  with(options: PushOptions): SourceDriver<T> {
    return new SourceDriver(this.#machine, this.#source, options, this.#pushed)
  }

  /** Puts values, encoded by the source's codec. */
  push(...values: readonly T[]): Promise<void> {
    const { codec } = this.#source
    const put = (): Promise<void> => this.pushRaw(...values.map(value => codec.encode(value)))
    const learned = codec.prepare?.([], new AbortController().signal)
    return learned === undefined ? put() : learned.then(put)
  }

  /** Puts records as they are: what no codec can read, or an aggregate of several. */
  pushRaw(...records: readonly (string | Uint8Array)[]): Promise<void> {
    this.#machine.put(
      this.#source.name,
      records.map(record => ({ data: typeof record === 'string' ? Buffer.from(record) : record, ...this.#route() })),
    )
    return this.#machine.changed()
  }

  /** Says on each open shard that no record at or before this event time is to come. */
  advanceTo(time: string | number | Date): Promise<void> {
    const at = new Date(time).getTime()
    if (Number.isNaN(at)) {
      throw new RangeError(
        `Cannot advance source "${this.#source.name}": ${JSON.stringify(time)} is no time, expected one as "2026-01-01T00:00:00Z"`,
      )
    }
    return this.#control(at)
  }

  /** Ends the input: every window closes. */
  end(): Promise<void> {
    return this.#control(endOfTime)
  }

  #control(time: number): Promise<void> {
    const data = encodeControl({ kind: 'watermark', time })
    if (this.#options.shard === undefined) this.#machine.putToAll(this.#source.name, data)
    else this.#machine.put(this.#source.name, [{ data, ...this.#route() }])
    return this.#machine.changed()
  }

  #route(): { readonly partitionKey: string; readonly explicitHashKey?: bigint } {
    const { partitionKey = `record-${this.#pushed.count++}`, shard } = this.#options
    return shard === undefined
      ? { partitionKey }
      : { partitionKey, explicitHashKey: this.#hashKeyIn(shard, partitionKey) }
  }

  #hashKeyIn(shard: number, partitionKey: string): bigint {
    const open = this.#machine.open(this.#source.name)
    const range: HashRange | undefined = open[shard]?.range
    if (range === undefined) {
      throw new RangeError(
        `Cannot push to shard ${shard} of source "${this.#source.name}": it has ${open.length} open, expected 0 to ${open.length - 1}`,
      )
    }
    const own = hashKeyOfPartitionKey(partitionKey)
    return isInRange(own, range) ? own : range.from
  }
}
