import { decodeControl } from '../../shared/codecs/control.ts'
import type { Sink } from '../../shared/plan/graph.ts'
import { viewRows } from '../run/results.ts'
import type { Observation } from './observation.ts'
import type { OracleAdvance, OracleInput, OracleRecord, Seen } from './oracle/index.ts'
import { userRecordsOf } from './user-records.ts'

type Stored = Pick<Observation, 'plan' | 'cloud' | 'records' | 'calls'>

/** What lies in the source streams, record by record as the oracle wants it. */
export function oracleInput(run: Stored): OracleInput {
  const input: Record<string, OracleInput[string]> = {}
  for (const { input: from, name } of run.plan.stages) {
    if (from.kind !== 'source') continue
    const shards = run.cloud.streams.describe(from.stream)
    const events: (OracleRecord | OracleAdvance)[] = []
    // A shard's parents stand before it.
    for (const { id, range } of shards) {
      for (const record of run.records(from.stream, id)) {
        const { arrivalMs } = record
        const data = Buffer.from(record.data.buffer, record.data.byteOffset, record.data.byteLength)
        const control = decodeControl(data)
        if (control !== undefined) {
          if (control.kind === 'watermark') events.push({ shard: id, watermark: control.time })
          continue
        }
        for (const own of userRecordsOf(record, range)) events.push({ ...own, shard: id, arrivalMs })
      }
    }
    const parents = new Map(shards.map(shard => [shard.id, shard.parents]))
    input[name] = { events, shards: shards.length, parents }
  }
  return input
}

/** What a reader of each output sees: rows of views; values of other sinks, each once, in the order in which they came. */
export async function seenOf(run: Stored): Promise<Seen> {
  const seen: Record<string, readonly unknown[]> = {}
  for (const sink of run.plan.graph.sinks) seen[sink.name] = await seenAt(run, sink)
  return seen
}

async function seenAt(run: Stored, sink: Sink): Promise<readonly unknown[]> {
  switch (sink.kind) {
    case 'view':
      return viewRows(run.cloud, run.plan, sink.name)
    case 'stream': {
      const first = new Map<string, unknown>()
      const records = run.cloud.streams.describe(sink.stream).flatMap(({ id }) => run.records(sink.stream, id))
      records.sort((a, b) => (a.sequence < b.sequence ? -1 : 1))
      for (const { partitionKey, data } of records) {
        if (!first.has(partitionKey)) first.set(partitionKey, sink.codec.decode(data, 0, data.byteLength))
      }
      return [...first.values()]
    }
    case 'files': {
      const own = (await run.cloud.files.list()).filter(file => file.sink === sink.name)
      const values: unknown[] = []
      for (const { name } of own) {
        const bytes = await run.cloud.files.read(sink.name, name)
        if (bytes !== undefined) values.push(...sink.format.decode(bytes))
      }
      return values
    }
    case 'forEach': {
      const batches = new Map<string, readonly unknown[]>()
      for (const { sink: name, id, values } of run.calls) if (name === sink.name) batches.set(id, values)
      return [...batches.values()].flat()
    }
  }
}
