import { KplWriter } from '../../shared/codecs/kpl-writer.ts'
import type { OutboxRecord } from '../../shared/emit/outbox.ts'
import { limits } from '../../shared/model/limits.ts'

/**
 * The same records, those of a lane put together in aggregated ones as far as they fit, in their order: a lane that has many would take a call
 * for each, one after the other. A lane is in one shard, whatever becomes of the shards: none of its records is dropped as another shard's.
 */
export function together(records: readonly OutboxRecord[]): OutboxRecord[] {
  const writer = new KplWriter(limits.kinesisRecordBytes - limits.partitionKeyCharacters)
  // By number: a Map tells big integers apart by the lowest bits, and lanes differ in the highest.
  const lanes = Map.groupBy(records, ({ hashKey }) => Number(hashKey))
  return [...lanes.values()].flatMap(lane => runsOf(lane).map(run => oneOf(run, writer)))
}

/** What fits in a record, one run after the other. */
function runsOf(lane: readonly OutboxRecord[]): OutboxRecord[][] {
  const runs: OutboxRecord[][] = []
  let bytes = 0
  for (const record of lane) {
    const own = record.data.byteLength + namedBytes
    const run = runs.at(-1)
    if (run === undefined || bytes + own > limits.chunkBytes) {
      runs.push([record])
      bytes = own
    } else {
      run.push(record)
      bytes += own
    }
  }
  return runs
}

/** At most what an aggregated record has of each beside its bytes: its name, its hash key and some tags. */
const namedBytes = limits.partitionKeyCharacters + 64

function oneOf(run: readonly OutboxRecord[], writer: KplWriter): OutboxRecord {
  const [first] = run
  if (run.length === 1) return first
  for (const { partitionKey, data, hashKey } of run) writer.add(partitionKey, data, 0, data.byteLength, hashKey)
  return { ...first, data: writer.finish() }
}
