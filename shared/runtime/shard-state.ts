import type { CommitBody, GroupHead, PageRef, Tallies, Through, TimerCut } from '../commit/commit-body.ts'
import { noTallies } from '../commit/commit-body.ts'
import { slotOf } from '../commit/ring.ts'
import type { Outbox } from '../emit/outbox.ts'
import { beginningOfTime, endOfTime } from '../model/event-time.ts'
import type { ShardId } from '../model/ids.ts'
import type { Sizes } from '../model/limits.ts'
import type { Lineage } from '../model/lineage.ts'
import type { StatefulOperator } from '../operators/operator.ts'
import type { Stage } from '../plan/plan.ts'
import { KeyedStore } from '../state/keyed-store.ts'
import type { Store, StoreDelta } from '../state/store.ts'
import { GroupProducers, type ProducerState } from '../time/producers.ts'
import { type Chain, type ChainContext, compileChain } from './chain.ts'
import { OutboxBuilder } from './outbox-builder.ts'

/** Where a shard's log stands, as of its newest version. */
export type LogHead = {
  readonly log: string
  readonly start: number
  readonly ring: number
  /** -1 before the first. */
  version: number
  through: Through | undefined
  sealed: boolean
}

/** What is known of a key group besides its entries. */
export type GroupInfo = {
  readonly group: number
  /** The newest page that this environment knows: the next commit names it. */
  page: PageRef | undefined
  /** What the newest commit names: the next page goes to the other slot. */
  named: PageRef | undefined
  /** Oldest version whose delta of this group no page holds; undefined when there is none. */
  unpagedSince: number | undefined
  /** Of the newest page, as stored; 0 while no page was read or written. */
  pageBytes: number
  isLoaded: boolean
  /** Deltas of the ring that wait for the group to be loaded, oldest first. */
  pending: StoreDelta[]
}

/** Where a source's shard stood before a run. */
export type SourceMark = {
  readonly through: Through | undefined
  readonly tallies: Tallies
  readonly sourceWatermark: number
}

/**
 * A shard of a logged stage, in memory: its log's head, its operators with their state, and its key groups. Between two commits it is
 * exactly what the log says at `head.version`; during a run it is ahead of it, and is thrown away unless the append succeeds.
 */
export class ShardState {
  readonly shard: ShardId
  readonly stage: Stage
  /** Fingerprint of the plan, for dead letters. */
  readonly pipelineVersion: string
  readonly head: LogHead
  readonly lineage: Lineage
  readonly groups = new Map<number, GroupInfo>()
  readonly producers = new Map<number, GroupProducers>()
  readonly context: ChainContext
  readonly chain: Chain
  readonly outbox: OutboxBuilder
  readonly stores: readonly Store[]
  tallies: Tallies
  /** Of a source's shard. */
  sourceWatermark = beginningOfTime
  announced: Readonly<Record<string, number>> = {}
  /** The newest version's, until it is known to be published. */
  unpublished: Outbox | undefined
  /** Bytes of commits that no page holds yet. */
  unpagedBytes = 0
  /** Bytes of the commit in each slot of the ring. */
  readonly #slotBytes: number[] = []
  readonly #producerStore = new KeyedStore<ProducerState>('$producers')
  readonly #cuts = new Map<number, TimerCut>()
  /** Of key groups that are not loaded, as the log has them. */
  readonly #holds = new Map<number, number>()
  readonly #lastFired = new Map<number, TimerCut>()
  readonly #order: Map<string, number>

  constructor(
    {
      stage,
      sizes,
      pipelineVersion,
    }: { readonly stage: Stage; readonly sizes: Sizes; readonly pipelineVersion: string },
    shard: ShardId,
    head: LogHead,
    lineage: Lineage,
    owned: readonly number[],
  ) {
    this.stage = stage
    this.pipelineVersion = pipelineVersion
    this.shard = shard
    this.head = head
    this.lineage = lineage
    this.tallies = noTallies
    this.outbox = new OutboxBuilder(stage, shard, sizes.chunkBytes)
    const groups = stage.input.kind === 'shuffle' ? stage.input.groups : 0
    this.context = {
      watermarks: new Float64Array(groups).fill(beginningOfTime),
      arrivalMs: 0,
      weight: 1,
      tallies: { late: 0, expired: 0 },
      isDiscarding: false,
      firedUntil: (operator, group, id) => this.#firedUntil(operator, group, id),
      fired: (operator, group, at, id) => this.#lastFired.set(group, { operator, at, id }),
    }
    this.chain = compileChain(stage, this.context, this.outbox)
    this.#order = new Map(this.chain.operators.map((operator, i) => [operator.name, i]))
    this.stores = [this.#producerStore, ...this.chain.operators.flatMap(operator => operator.stores)]
    const inputs = stage.input.kind === 'shuffle' ? stage.input.inputs : []
    for (const group of owned) {
      this.groups.set(group, {
        group,
        page: undefined,
        named: undefined,
        unpagedSince: undefined,
        pageBytes: 0,
        isLoaded: false,
        pending: [],
      })
      this.producers.set(group, new GroupProducers(group, inputs, this.#producerStore))
    }
  }

  get operators(): readonly StatefulOperator[] {
    return this.chain.operators
  }

  /** Minimum over the key groups, below any result that waits to go out; of a source's shard, which has none, its own. */
  get watermark(): number {
    if (this.stage.input.kind === 'source') return this.sourceWatermark
    let least = endOfTime
    for (const group of this.groups.keys()) {
      least = Math.min(least, this.context.watermarks[group], (this.#holdOf(group) ?? Number.POSITIVE_INFINITY) - 1)
    }
    return least
  }

  /** Takes over what a version says of the key groups that this shard owns. */
  adopt(heads: readonly GroupHead[]): void {
    for (const { group, page, watermark, cut, hold } of heads) {
      const info = this.groups.get(group)
      if (info === undefined) continue
      info.page = page
      info.named = page
      this.setWatermark(group, watermark)
      if (cut !== undefined) this.#cuts.set(group, cut)
      if (hold !== undefined) this.#holds.set(group, hold)
    }
  }

  heads(): GroupHead[] {
    return [...this.groups.values()].map(({ group, page }) => {
      const hold = this.#holdOf(group)
      return {
        group,
        page,
        watermark: this.context.watermarks[group],
        cut: this.#cuts.get(group),
        ...(hold !== undefined && { hold }),
      }
    })
  }

  setWatermark(group: number, watermark: number): void {
    this.context.watermarks[group] = watermark
    const producers = this.producers.get(group)
    if (producers !== undefined) producers.watermark = watermark
  }

  /** All timers due at `watermark` and below have fired. */
  reached(group: number, watermark: number): void {
    this.setWatermark(group, watermark)
    this.#cuts.delete(group)
    this.#lastFired.delete(group)
  }

  /**
   * The commit is cut before the timer due at `at`: the committed watermark stays strictly below it, so that nothing that it has yet to
   * put out is late downstream (protocol [m]). Timers due at the same time that have fired are remembered, as they must not again.
   */
  cutBefore(group: number, at: number): void {
    if (at < endOfTime) this.setWatermark(group, Math.max(this.context.watermarks[group], at - 1))
    const last = this.#lastFired.get(group)
    if (last !== undefined && last.at === at) this.#cuts.set(group, last)
  }

  /** Notes what a commit holds of the key groups, for paging. */
  noteDelta(version: number, deltas: readonly StoreDelta[]): void {
    for (const delta of deltas) {
      for (const group of new Set(delta.groups)) {
        const info = this.groups.get(group)
        if (info === undefined || (info.page !== undefined && version <= info.page.version)) continue
        info.unpagedSince ??= version
      }
    }
  }

  /** Notes the size of a commit that the ring holds. */
  noteStored(version: number, bytes: number): void {
    this.#slotBytes[slotOf(version, this.head.ring)] = bytes
    this.unpagedBytes += bytes
  }

  /** What the table holds for the shard: the ring's commits, and the newest pages of the key groups that were loaded. */
  get storedBytes(): number {
    let bytes = 0
    for (const ofSlot of this.#slotBytes) bytes += ofSlot ?? 0
    for (const { pageBytes } of this.groups.values()) bytes += pageBytes
    return bytes
  }

  /** What a run changes of a source's shard, which has no keyed state, besides the outbox: a way back without loading. */
  mark(): SourceMark {
    return { through: this.head.through, tallies: this.tallies, sourceWatermark: this.sourceWatermark }
  }

  /** Before the run, as it was when the mark was made. */
  backTo({ through, tallies, sourceWatermark }: SourceMark): void {
    this.head.through = through
    this.tallies = tallies
    this.sourceWatermark = sourceWatermark
  }

  tally(change: Partial<Tallies>): void {
    const next = { ...this.tallies }
    for (const [name, count] of Object.entries(change)) next[name as keyof Tallies] += count
    this.tallies = next
  }

  /** The newest version's body, but for what the run adds. */
  body(delta: readonly StoreDelta[], outbox: Outbox, sealed: boolean, shape: string): CommitBody {
    return {
      through: this.head.through,
      groups: this.heads(),
      shards: this.lineage.shards,
      announced: this.announced,
      tallies: this.tallies,
      sourceWatermark: this.sourceWatermark,
      sealed,
      shape,
      delta,
      outbox,
    }
  }

  #holdOf(group: number): number | undefined {
    if (!this.groups.get(group)?.isLoaded) return this.#holds.get(group)
    let least = Number.POSITIVE_INFINITY
    for (const operator of this.operators) least = Math.min(least, operator.hold?.(group) ?? Number.POSITIVE_INFINITY)
    return least === Number.POSITIVE_INFINITY ? undefined : least
  }

  #firedUntil(operator: string, group: number, id: string): number {
    const watermark = this.context.watermarks[group]
    const cut = this.#cuts.get(group)
    if (cut === undefined || cut.at <= watermark) return watermark
    const mine = this.#order.get(operator) ?? 0
    const cuts = this.#order.get(cut.operator) ?? 0
    return mine < cuts || (mine === cuts && id <= cut.id) ? cut.at : watermark
  }
}

export const freshHead = (log: string, start: number, ring: number): LogHead => ({
  log,
  start,
  ring,
  version: start - 1,
  through: undefined,
  sealed: false,
})
