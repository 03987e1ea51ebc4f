import { setImmediate as nextTurn } from 'node:timers/promises'
import type { ShardId } from '../../shared/model/ids.ts'
import type { DiscardedBatch } from './discarded-batch.ts'
import type { FunctionRunner } from './function-runner.ts'
import type { MappedCloud } from './mapped-cloud.ts'
import { type CompleteSettings, completeSettings, type MappingSettings } from './settings.ts'
import { type MappingEvent, ShardWorker, type WorkerContext } from './shard-worker.ts'
import { Wakeup } from './wakeup.ts'

export type MappingOptions = {
  readonly cloud: MappedCloud
  readonly runner: FunctionRunner
  readonly settings: MappingSettings
  /** The clock of batching windows, retries and record age: the same as the cloud's. */
  readonly now: () => number
  /** The on-failure destination. A rejection stops the mapping, so that nothing is discarded untold. @default none */
  readonly onDiscard?: (discarded: DiscardedBatch) => Promise<void>
  /** Hears of each step, once it is checkpointed. It must not throw. @default none */
  readonly observe?: (event: MappingEvent) => void
}

/**
 * Lambda's event source mapping for Kinesis, with parallelization factor 1. Invariants:
 *
 * 1. At most one invocation at a time on a shard; shards are served side by side.
 * 2. Records of a shard are handed over in order, and none before all records of all its ancestors are done.
 * 3. A record is done when it was acknowledged, or discarded by the rules of `decide`; a checkpoint covers done records only.
 * 4. Progress is in the cloud alone: a mapping made anew under the same name hands over what was not done, perhaps again.
 *
 * Use it continuously, with `run`, or step by step, with `pollOnce` or `ready` and `poll`, where time moves only when told.
 */
export class EventSourceMapping {
  readonly settings: CompleteSettings
  readonly #context: WorkerContext
  readonly #workers = new Map<ShardId, ShardWorker>()
  /** Closed shards whose records are done, and their ancestors' too: nothing is left to do for them. */
  readonly #finished = new Set<ShardId>()
  readonly #busy = new Set<ShardId>()
  #lastServed: ShardId | undefined
  #failure: { readonly error: unknown } | undefined

  /** Makes the mapping, unless one of the same name was made before on this cloud: LATEST is the first one's. */
  constructor(options: MappingOptions) {
    const { cloud, runner, now, onDiscard = async () => undefined, observe = () => undefined } = options
    this.settings = completeSettings(options.settings)
    this.#context = { cloud, runner, settings: this.settings, now, onDiscard, observe }
    this.#startAt()
  }

  /**
   * Serves the stream until `signal` is aborted, then ends once the invocations under way have. Sleeps while there is nothing to do.
   * Rejects, after them too, with the error that stopped the mapping: a fatal one of the function, or one of the cloud.
   */
  async run(signal: AbortSignal): Promise<void> {
    const { cloud, settings } = this.#context
    const wakeup = new Wakeup()
    const stopListening = cloud.streams.listen(settings.stream, wakeup.happen)
    signal.addEventListener('abort', wakeup.happen)
    try {
      while (!signal.aborted && this.#failure === undefined) {
        for (const shard of this.ready()) void this.#serve(shard).then(wakeup.happen)
        await wakeup.sleep(this.#untilDue())
        // Invocations that never wait for I/O would otherwise keep timers and signals from being heard.
        await nextTurn()
      }
    } catch (error) {
      this.#failure ??= { error }
    } finally {
      while (this.#busy.size > 0) await wakeup.sleep(undefined)
      signal.removeEventListener('abort', wakeup.happen)
      stopListening()
    }
    this.#assertRunning()
  }

  /**
   * One invocation, or one discard, on the shard whose turn it is. Answers whether there was anything to do now. Rejects with the error
   * that stopped the mapping, then and ever after.
   */
  async pollOnce(): Promise<boolean> {
    const ready = this.ready()
    const last = this.#lastServed
    const shard = ready.find(id => last !== undefined && id > last) ?? ready[0]
    return shard !== undefined && this.poll(shard)
  }

  /** Likewise on the shard of your choice; false when it isn't ready. Several shards may be polled at the same time. */
  async poll(shard: ShardId): Promise<boolean> {
    this.#assertRunning()
    if (!this.ready().includes(shard)) return false
    await this.#serve(shard)
    this.#assertRunning()
    return true
  }

  /** The shards that have something to hand over now, in the order in which they came to be. */
  ready(): readonly ShardId[] {
    const now = this.#context.now()
    return this.#due().flatMap(({ shard, dueMs }) => (dueMs <= now ? [shard] : []))
  }

  /** The earliest time at which a shard has something to hand over: in the past when one is ready, undefined when none waits. */
  nextDueMs(): number | undefined {
    const due = this.#due().map(({ dueMs }) => dueMs)
    return due.length === 0 ? undefined : Math.min(...due)
  }

  /** Nothing is under way, and every record put so far is done. */
  isIdle(): boolean {
    // A shard that waits for a parent needs no look: then the parent, or one of its ancestors, is not drained.
    return this.#busy.size === 0 && this.#available().every(({ worker }) => worker.isDrained)
  }

  #due(): { readonly shard: ShardId; readonly dueMs: number }[] {
    return this.#available().flatMap(({ worker, isClosed }) => {
      const dueMs = this.#busy.has(worker.shard) ? undefined : worker.dueMs(isClosed)
      return dueMs === undefined ? [] : [{ shard: worker.shard, dueMs }]
    })
  }

  /** The shards whose turn it may be. Parents stand before their children, so one pass finds all that are finished. */
  #available(): { readonly worker: ShardWorker; readonly isClosed: boolean }[] {
    const available: { worker: ShardWorker; isClosed: boolean }[] = []
    for (const { id, parents, closed } of this.#context.cloud.streams.describe(this.settings.stream)) {
      if (this.#finished.has(id) || !parents.every(parent => this.#finished.has(parent))) continue
      const worker = this.#workerOf(id)
      if (closed && worker.isDrained) {
        this.#finished.add(id)
        this.#workers.delete(id)
      } else {
        available.push({ worker, isClosed: closed })
      }
    }
    return available
  }

  #workerOf(shard: ShardId): ShardWorker {
    let worker = this.#workers.get(shard)
    if (worker === undefined) {
      worker = new ShardWorker(this.#context, shard)
      this.#workers.set(shard, worker)
    }
    return worker
  }

  /** Never rejects: an error is kept as what stopped the mapping. */
  async #serve(shard: ShardId): Promise<void> {
    this.#busy.add(shard)
    this.#lastServed = shard
    try {
      await this.#workerOf(shard).serve()
    } catch (error) {
      this.#failure ??= { error }
    } finally {
      this.#busy.delete(shard)
    }
  }

  #untilDue(): number | undefined {
    const dueMs = this.nextDueMs()
    return dueMs === undefined ? undefined : Math.max(0, dueMs - this.#context.now())
  }

  #assertRunning(): void {
    if (this.#failure !== undefined) throw this.#failure.error
  }

  /** A checkpoint for each shard that is there, at its start or behind its newest record, tells that the mapping was made. */
  #startAt(): void {
    const { cloud, settings } = this.#context
    const { name, stream, startingPosition } = settings
    if (cloud.checkpoints.all(name).size > 0) return
    const through = startingPosition === 'LATEST' ? cloud.streams.newest(stream) : undefined
    cloud.transaction(() => {
      for (const { id } of cloud.streams.describe(stream)) cloud.checkpoints.advance(name, id, through)
    })
  }
}
