import { drive } from 'millrace/testing'
import {
  countDifferences,
  differences,
  type Expected,
  evaluate,
  type OracleRecord,
} from '../../local/simulator/oracle/index.ts'
import { Random } from '../../local/simulator/random.ts'
import { userRecordsOf } from '../../local/simulator/user-records.ts'
import type { Workload } from '../../local/simulator/workload/workload.ts'

export type DriveWorkloadOptions = {
  /** Shards of each source. */
  readonly shards: number
  readonly seed: number
}

export type Verdict = { readonly expected: Expected; readonly differences: readonly string[] }

/** Runs a workload through the driver, without faults, in pushes and batches of random sizes, and compares it with the oracle. */
export async function driveWorkload(workload: Workload, { shards, seed }: DriveWorkloadOptions): Promise<Verdict> {
  const { pipeline, inputs } = workload
  const random = new Random(seed)
  const sources = Object.keys(inputs)
  const perStage = Object.fromEntries(
    pipeline.plan.stages.map(({ name }) => [name, sources.includes(name) ? shards : random.between(1, 3)]),
  )
  const run = drive(pipeline, { auto: false, shards: perStage, batchSize: random.between(1, 60) })
  const parts = run as unknown as Readonly<Record<string, Part>>
  const events: Record<string, OracleRecord[]> = Object.fromEntries(sources.map(name => [name, []]))
  const next = Object.fromEntries(sources.map(name => [name, 0]))
  for (;;) {
    const open = sources.filter(name => next[name] < inputs[name].length)
    if (open.length === 0) break
    const name = random.pick(open)
    const count = random.between(1, 80)
    run.advanceClock(random.pick([0, 1, 100, 2_000]))
    for (const { data, partitionKey } of inputs[name]
      .slice(next[name], next[name] + count)
      .flatMap(each => userRecordsOf(each))) {
      const shard = Number(partitionKey.charCodeAt(1) + partitionKey.charCodeAt(partitionKey.length - 1)) % shards
      await parts[name].with({ partitionKey, shard }).pushRaw(data)
      events[name].push({ data, partitionKey, shard: String(shard), arrivalMs: run.now })
    }
    next[name] += count
    if (random.chance(0.7)) await run.settle()
  }
  for (const name of sources) await parts[name].end()
  await run.settle()
  const seen: Record<string, readonly unknown[]> = {}
  for (const { name, kind } of pipeline.plan.graph.sinks) {
    const part = parts[name]
    seen[name] = kind === 'view' ? part.rows() : await part.values()
  }
  const expected = evaluate(
    pipeline.plan,
    Object.fromEntries(sources.map(name => [name, { events: events[name], shards }])),
  )
  const counts = await Promise.all(pipeline.plan.stages.map(({ name }) => run.stageTotals(name as never)))
  const told = [...differences(expected, seen), ...countDifferences(pipeline.plan, expected, counts)]
  return { expected, differences: told }
}

/** What a driver has of a source or an output, by name. */
type Part = {
  with(options: { partitionKey: string; shard: number }): Part
  pushRaw(data: Uint8Array): Promise<void>
  end(): Promise<void>
  rows(): readonly unknown[]
  values(): Promise<readonly unknown[]> | readonly unknown[]
}
