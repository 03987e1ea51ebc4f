import { beginningOfTime } from '../model/event-time.ts'
import { producerOf, type ShardId } from '../model/ids.ts'
import type { Lineage } from '../model/lineage.ts'
import type { PositionText } from '../model/position.ts'
import type { Cell, KeyedStore } from '../state/keyed-store.ts'

/**
 * What a key group knows of one producer. Ordinary state: it is committed, paged and handed over with the key group.
 *
 * Invariants (protocol: chunks, dedup, watermarks):
 * 1. `position` is the highest taken: no position can be skipped, so this alone is exact dedup, without time limit.
 * 2. announcements only add; retiring ends a producer's say in the watermark and nothing else.
 * 3. a key group's watermark never goes back.
 */
export type ProducerState = {
  /** Highest position taken; empty before the first message. */
  position: PositionText | ''
  watermark: number
  readonly stage: string
  readonly parents: readonly ShardId[]
  /** Arrival time of the newest chunk; of the announcement before the first. */
  arrivalMs: number
  /**
   * A descendant speaks in its place. It is kept for good: its siblings' chunks may name it for as long as they live, and what is not
   * known would be announced as active again. Some hundred bytes a shard that ever was.
   */
  isRetired: boolean
}

/** An input stage of the receiving stage, as far as its watermark is concerned. */
export type InputStage = {
  readonly name: string
  /** Arrival-time silence after which a producer no longer holds the watermark; Infinity for stages that get ticks. */
  readonly idleMs: number
}

/** The producers of one key group and the watermark that they make. */
export class GroupProducers {
  watermark = beginningOfTime
  readonly group: number
  readonly #inputs: readonly InputStage[]
  readonly #store: KeyedStore<ProducerState>
  readonly #lineages = new Map<string, Lineage>()
  /** Producers that hold the watermark, by input stage; undefined after a change of who is active. */
  #counted: ProducerState[][] | undefined

  constructor(group: number, inputs: readonly InputStage[], store: KeyedStore<ProducerState>) {
    this.group = group
    this.#inputs = inputs
    this.#store = store
  }

  /** Takes in what a chunk of `stage/shard` says of who else there is. */
  hear(stage: string, shard: ShardId, lineage: Lineage, arrivalMs: number): Cell<ProducerState> {
    const cell = this.#announce(stage, shard, parentsOf(lineage, shard), arrivalMs)
    if (cell.value.arrivalMs < arrivalMs) cell.value.arrivalMs = arrivalMs
    this.#store.touch(cell)
    if (this.#lineages.get(cell.id) !== lineage) {
      for (const other of lineage.shards) this.#announce(stage, other.id, other.parents, arrivalMs)
      for (const ancestor of lineage.ancestors) this.#retire(stage, ancestor, arrivalMs)
      this.#lineages.set(cell.id, lineage)
    }
    return cell
  }

  /** The producer's watermark is at least this. Returns what the key group's watermark would be now; the caller moves it. */
  advance(producer: Cell<ProducerState>, watermark: number, arrivalMs: number): number {
    if (watermark > producer.value.watermark) {
      producer.value.watermark = watermark
      this.#store.touch(producer)
    }
    return this.merged(arrivalMs)
  }

  /** Minimum over the active producers of every input stage. A stage of which none was announced holds it. Never below the watermark. */
  merged(arrivalMs: number): number {
    this.#counted ??= this.#inputs.map(input => this.#countedOf(input.name))
    let least = Number.POSITIVE_INFINITY
    for (let i = 0; i < this.#inputs.length; i++) {
      const counted = this.#counted[i]
      if (counted.length === 0) return this.watermark
      const idleBefore = arrivalMs - this.#inputs[i].idleMs
      for (const state of counted) {
        if (state.arrivalMs >= idleBefore && state.watermark < least) least = state.watermark
      }
    }
    return least === Number.POSITIVE_INFINITY ? this.watermark : Math.max(least, this.watermark)
  }

  #announce(stage: string, shard: ShardId, parents: readonly ShardId[], arrivalMs: number): Cell<ProducerState> {
    const id = producerOf(stage, shard)
    const known = this.#store.get(this.group, id)
    if (known !== undefined) return known
    this.#counted = undefined
    const state = { position: '', watermark: beginningOfTime, stage, parents, arrivalMs, isRetired: false } as const
    return this.#store.put(this.group, id, { ...state })
  }

  #retire(stage: string, shard: ShardId, arrivalMs: number): void {
    const cell = this.#announce(stage, shard, [], arrivalMs)
    if (cell.value.isRetired) return
    cell.value.isRetired = true
    this.#store.touch(cell)
    this.#counted = undefined
  }

  /** A shard counts only when none of its ancestors is active: they may hold older records. */
  #countedOf(stage: string): ProducerState[] {
    const active = (id: ShardId): boolean => {
      const state = this.#store.get(this.group, producerOf(stage, id))?.value
      return state !== undefined && (!state.isRetired || state.parents.some(active))
    }
    const counted: ProducerState[] = []
    for (const { value } of this.#store.cells(this.group)) {
      if (value.stage === stage && !value.isRetired && !value.parents.some(active)) counted.push(value)
    }
    return counted
  }
}

const parentsOf = (lineage: Lineage, shard: ShardId): readonly ShardId[] =>
  lineage.shards.find(other => other.id === shard)?.parents ?? []
