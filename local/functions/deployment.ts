import type { Plan, Stage } from '../../shared/plan/plan.ts'
import { EventSourceMapping } from '../event-source/event-source-mapping.ts'
import type { FunctionRunner } from '../event-source/function-runner.ts'
import type { MappedCloud, MappedStreams } from '../event-source/mapped-cloud.ts'
import type { MappingEvent } from '../event-source/shard-worker.ts'

/** Where a pipeline can be deployed. */
export type DeploymentCloud = MappedCloud & {
  readonly streams: MappedStreams & {
    /** Creates the stream, or sees that it is there. */
    createStream(name: string, shards: number): void
  }
  /** Forgets the records of a stream that all of `mappings` have checkpointed. */
  trimCheckpointed(stream: string, mappings: readonly string[]): void
}

export type DeploymentOptions = {
  /** Shards of each stage's input stream, where it is made now. */
  readonly shards: (stage: Stage) => number
  readonly batchSize: (stage: Stage) => number
  readonly runner: (stage: Stage) => FunctionRunner
  readonly now: () => number
  readonly observe?: (event: MappingEvent) => void
  /** Time that an invocation may take. @default 60,000 ms */
  readonly timeoutMs?: number
}

/** A pipeline on a cloud: its streams, and an event source mapping per stage with the settings of protocol.md. */
export class Deployment {
  readonly plan: Plan
  readonly mappings: ReadonlyMap<string, EventSourceMapping>
  readonly #cloud: DeploymentCloud

  constructor(cloud: DeploymentCloud, plan: Plan, options: DeploymentOptions) {
    this.#cloud = cloud
    this.plan = plan
    for (const stage of plan.stages) cloud.streams.createStream(stage.input.stream, options.shards(stage))
    this.mappings = new Map(plan.stages.map(stage => [stage.name, mappingOf(cloud, plan, stage, options)]))
  }

  /** Every record put so far was dealt with by every stage. */
  isIdle(): boolean {
    for (const mapping of this.mappings.values()) if (!mapping.isIdle()) return false
    return true
  }

  /** Serves all stages until `signal` is aborted. Rejects with the first error that stops one, after the others have ended. */
  async run(signal: AbortSignal): Promise<void> {
    const failed = new AbortController()
    const either = AbortSignal.any([signal, failed.signal])
    const all = [...this.mappings.values()].map(mapping =>
      mapping.run(either).catch(error => {
        failed.abort()
        throw error
      }),
    )
    const results = await Promise.allSettled(all)
    for (const result of results) if (result.status === 'rejected') throw result.reason
  }

  /** Forgets what no stage will read again. */
  trim(): void {
    for (const [stage, { settings }] of this.mappings)
      this.#cloud.trimCheckpointed(settings.stream, [mappingName(this.plan, stage)])
  }
}

/** Checkpoints are kept under this name. */
export const mappingName = (plan: Plan, stage: string): string => `${plan.name}/${stage}`

function mappingOf(cloud: DeploymentCloud, plan: Plan, stage: Stage, options: DeploymentOptions): EventSourceMapping {
  const { runner, now, observe, batchSize, timeoutMs } = options
  return new EventSourceMapping({
    cloud,
    runner: runner(stage),
    now,
    ...(observe && { observe }),
    settings: {
      name: mappingName(plan, stage.name),
      stream: stage.input.stream,
      startingPosition: 'TRIM_HORIZON',
      batchSize: batchSize(stage),
      functionResponseTypes: ['ReportBatchItemFailures'],
      ...(timeoutMs !== undefined && { functionTimeoutMs: timeoutMs }),
    },
  })
}
