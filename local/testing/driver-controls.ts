import { encodeControl } from '../../shared/codecs/control.ts'
import { type ShardId, shardId } from '../../shared/model/ids.ts'
import { stageNamed } from '../../shared/plan/plan.ts'
import type { InvocationReport } from '../../shared/ports/host.ts'
import { deadLettersOf, type StageTotals, stageTotals } from '../run/results.ts'
import type { Crash, CrashOptions } from './awaits.ts'
import type { DriveOptions } from './drive-options.ts'
import type { Await, CrashPoint } from './faults.ts'
import type { Machine } from './machine.ts'
import type { DriverDeadLetter } from './readers.ts'

/** The clock function puts a tick on each shuffle shard this often. */
const tickEveryMs = 60_000

/** What can be done to a running pipeline besides pushing records. */
export class DriverControls<StageName extends string> {
  readonly #machine: Machine

  constructor(machine: Machine) {
    this.#machine = machine
  }

  /** Runs every stage until nothing is left to do. Rejects when that does not come to an end, with the last error. */
  settle(): Promise<void> {
    return this.#machine.settle()
  }

  /** One invocation at most, of the stage given or of the first that has something to do: for a driver with `auto: false`. */
  step(stage?: StageName): Promise<boolean> {
    return this.#machine.serveOne(stage)
  }

  /** Arrival time, in epoch milliseconds. */
  get now(): number {
    return this.#machine.nowMs
  }

  /** Lets arrival time pass; nothing arrives. */
  advanceClock(ms: number): void {
    this.#machine.nowMs += ms
  }

  /** Lets arrival time pass with a tick on each shuffle shard at every minute and at the end, as the clock function does. */
  async tick(durationMs: number = tickEveryMs): Promise<void> {
    for (let left = durationMs; left > 0; left -= tickEveryMs) {
      this.advanceClock(Math.min(left, tickEveryMs))
      for (const { input } of this.#machine.plan.stages) {
        if (input.kind === 'shuffle') this.#machine.putToAll(input.stream, encodeControl({ kind: 'tick' }))
      }
      await this.#machine.changed()
    }
  }

  /** The next time that the runtime comes to this point, the invocation dies and its environment is lost. */
  crash(point: CrashPoint, options: CrashOptions<StageName> = {}): void {
    this.#machine.awaits.plan(point, options)
  }

  /** The planned crashes that have happened. */
  get crashes(): readonly Crash[] {
    return this.#machine.awaits.crashes
  }

  /** Every await of the runtime so far: as many places to crash. */
  get awaits(): readonly Await[] {
    return this.#machine.awaits.log
  }

  /** All warm environments are lost, or those of a stage. */
  evict(stage?: StageName): void {
    for (const name of this.#stages(stage)) this.#machine.environments(name).evict()
  }

  /** Each stage is served by so many environments in turn: each has missed what the others did. */
  environments(count: number, stage?: StageName): void {
    if (!Number.isInteger(count) || count < 1)
      throw new RangeError(`Cannot run ${count} environments: expected a whole number of 1 or more`)
    for (const name of this.#stages(stage)) this.#machine.environments(name).resize(count)
  }

  /** Cuts what was not handed over yet into batches of another size. */
  batchSize(size: NonNullable<DriveOptions<StageName>['batchSize']>): void {
    this.#machine.redeploy(size)
  }

  /** Hands the newest batch of each shard over again. */
  async redeliver(stage: StageName): Promise<void> {
    await this.#machine.redeliver(stage)
    await this.#machine.changed()
  }

  /** Splits a shard of the stage's input stream: the one given, or the one with the largest hash range. */
  async split(stage: StageName, shard?: string): Promise<readonly [lower: ShardId, upper: ShardId]> {
    const { cloud } = this.#machine
    const { stream } = stageNamed(this.#machine.plan, stage).input
    const [largest] = this.#machine
      .open(stream)
      .toSorted((a, b) => Number(b.range.to - b.range.from - (a.range.to - a.range.from)))
    const children = cloud.streams.splitShard(stream, shard === undefined ? largest.id : shardId(shard))
    await this.#machine.changed()
    return children
  }

  /** Merges two neighbouring shards of the stage's input stream: those given, or the first two. */
  async merge(stage: StageName, one?: string, other?: string): Promise<ShardId> {
    const { cloud } = this.#machine
    const { stream } = stageNamed(this.#machine.plan, stage).input
    const open = this.#machine.open(stream).toSorted((a, b) => (a.range.from < b.range.from ? -1 : 1))
    if (open.length < 2)
      throw new RangeError(`Cannot merge shards of stage "${stage}": it has ${open.length} open, expected 2 or more`)
    const [first, second] = [one ?? open[0].id, other ?? open[1].id]
    const child = cloud.streams.mergeShards(stream, shardId(first), shardId(second))
    await this.#machine.changed()
    return child
  }

  /** The open shards of the stage's input stream. */
  shards(stage: StageName): readonly ShardId[] {
    return this.#machine.open(stageNamed(this.#machine.plan, stage).input.stream).map(shard => shard.id)
  }

  /** Records that will never be processed, by stage, shard and position. */
  deadLetters(): readonly DriverDeadLetter[] {
    return deadLettersOf(this.#machine.cloud, this.#machine.plan).map(letter => ({
      ...letter,
      text: Buffer.from(letter.payload).toString(),
    }))
  }

  /** What each invocation that answered did, in order. */
  get reports(): readonly InvocationReport[] {
    return this.#machine.reports
  }

  /** What the logs and checkpoints say that a stage did: exact, whatever was retried. */
  async stageTotals(stage: StageName): Promise<StageTotals> {
    const totals = await stageTotals(this.#machine.cloud, this.#machine.plan)
    const found = totals.find(other => other.stage === stage)
    if (found === undefined) throw new RangeError(`Cannot find stage "${stage}"`)
    return found
  }

  #stages(stage: StageName | undefined): readonly string[] {
    return stage === undefined ? this.#machine.plan.stages.map(({ name }) => name) : [stage]
  }
}
