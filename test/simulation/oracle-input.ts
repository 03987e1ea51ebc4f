import {
  type ExpectedOutput,
  evaluate,
  type OracleAdvance,
  type OracleRecord,
} from '../../local/simulator/oracle/index.ts'
import type { Pipeline } from '../../shared/dsl/pipeline.ts'

export const record = (value: unknown, shard = '0', arrivalMs = 0): OracleRecord => ({
  data: Buffer.from(JSON.stringify(value)),
  partitionKey: '',
  shard,
  arrivalMs,
})

/** What the oracle says of a pipeline whose one source is named `facts`, on a stream of one shard. */
export function evaluated(pipeline: Pipeline<unknown, unknown>, events: readonly (OracleRecord | OracleAdvance)[]) {
  return evaluate(pipeline.plan, { facts: { events, shards: 1 } })
}

export function rowsOf(output: ExpectedOutput | undefined): readonly unknown[] {
  if (output?.kind !== 'rows') throw new Error(`expected rows, found ${JSON.stringify(output)}`)
  return output.rows
}
