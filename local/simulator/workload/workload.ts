import type { Pipeline } from '../../../shared/dsl/pipeline.ts'
import { ConfigurationError } from '../../../shared/model/errors.ts'
import type { Samples } from '../../testing/samples.ts'
import type { Random } from '../random.ts'
import type { Unsteadiness } from './unsteadiness.ts'

/** A pipeline and the whole of its input: what one run of the simulator works on. */
export type Workload = {
  readonly pipeline: Pipeline<unknown, unknown>
  readonly inputs: { readonly [source: string]: readonly WorkloadRecord[] }
  /** How far records are out of order: never further than their source's `outOfOrder`, so that none is late, or some of them are. */
  readonly disorder: Disorder
  /** Asked by the pipeline's functions whether to throw this once. @default none of them asks */
  readonly unsteadiness?: Unsteadiness
  /**
   * Producers may be silent for longer than their source's `idleAfter`: then records may be late that none of their own shard passed.
   * Where false, so little time passes that none is idle. @default false
   */
  readonly fallsSilent?: boolean
  /** What it is made of, for a person who looks into a failure. */
  describe(): string
}

export type WorkloadRecord = {
  /** When it is put, in milliseconds from the start of the run. Within a source they ascend; without it, any time. */
  readonly at?: number
  readonly partitionKey: string
  readonly data: Uint8Array
}

export type Disorder = 'within' | 'beyond' | 'unknown'

/** Records of a source, or what makes them. */
export type WorkloadLines = Iterable<string | Uint8Array> | Samples[string]

export type WorkloadSpec = {
  readonly random: Random
  /** About how many records generators are asked for, for each source. */
  readonly count: number
  /** Partition keys in use: records of one key keep their order. @default one for each record, so that they spread over all shards */
  readonly partitionKeys?: number
}

/**
 * A workload of a user's pipeline: its records are the lines given or what the generators make. Throws a ConfigurationError when a
 * source has none, or when records are given for what is no source.
 */
export function workloadOf(
  pipeline: Pipeline<unknown, unknown>,
  lines: { readonly [source: string]: WorkloadLines },
  { random, count, partitionKeys }: WorkloadSpec,
): Workload {
  const sources = pipeline.plan.stages.flatMap(({ input }) => (input.kind === 'source' ? [input.source.name] : []))
  const unknown = Object.keys(lines).find(name => !sources.includes(name))
  if (unknown !== undefined) {
    throw new ConfigurationError(
      `Cannot simulate pipeline "${pipeline.name}": there are records for "${unknown}", which is no source of it, expected ${sources.map(name => `"${name}"`).join(', ')}`,
    )
  }
  const inputs: Record<string, WorkloadRecord[]> = {}
  for (const name of sources) {
    const own = lines[name]
    if (own === undefined) {
      throw new ConfigurationError(
        `Cannot simulate pipeline "${pipeline.name}": source "${name}" has no records, export samples from its module, as in { ${name}: (random, count) => lines }, or name a file`,
      )
    }
    const keys = random.fork(`keys of ${name}`)
    const made = typeof own === 'function' ? own(random.fork(`samples of ${name}`), count) : own
    inputs[name] = Array.from(made, (line, i) => ({
      partitionKey: partitionKeys === undefined ? `record-${i}` : `key-${keys.below(partitionKeys)}`,
      data: typeof line === 'string' ? Buffer.from(line) : line,
    }))
  }
  const counts = sources.map(name => `${inputs[name].length} records of "${name}"`)
  return {
    pipeline,
    inputs,
    disorder: 'unknown',
    describe: () => `pipeline "${pipeline.name}" on ${counts.join(', ')}`,
  }
}
