import { KplWriter } from '../../../shared/codecs/kpl-writer.ts'
import { feedRecord } from '../../../shared/emit/feed-key.ts'
import type { Random } from '../random.ts'
import type { WorkloadRecord } from './workload.ts'

/** A record to put, and the event times of what is in it. */
export type TimedRecord = { readonly record: WorkloadRecord; readonly earliest: number; readonly latest: number }

export type ProducerHabits = {
  /** Share of the runs of user records that are put as one aggregate of the Kinesis Producer Library; 0 for none. */
  readonly aggregated: number
  /**
   * The user records of an aggregate have partition keys of their own: those that belong to other shards than the aggregate's own are
   * dropped, as consumers do.
   */
  readonly mixesKeys: boolean
  /** Share of the records that are put once more a little later: the answer to the first put was lost. */
  readonly repeated: number
  /** The source's `idleAfter`, and all shards but one are silent for longer, several times; 0 for neither. */
  readonly idleMs: number
}

export function habitsOf(random: Random): ProducerHabits {
  return {
    aggregated: random.chance(0.3) ? random.pick([0.1, 0.5, 0.9]) : 0,
    mixesKeys: random.chance(0.25),
    repeated: random.chance(0.3) ? random.pick([0.02, 0.1]) : 0,
    idleMs: random.chance(0.12) ? random.pick([5_000, 20_000, 120_000]) : 0,
  }
}

/** Records of the one producer that is heard while the others are silent. */
const longestSilence = 40
/** Most user records in one aggregate, and most records between a record and its repeat. */
const mostTogether = 8
const farthest = 40

/** All producers but one fall silent for some time, and come back with records that may be late then. */
export function silenced(random: Random, records: readonly TimedRecord[], idleMs: number): TimedRecord[] {
  if (idleMs === 0) return [...records]
  let elapsedMs = 0
  let left = 0
  let partitionKey = ''
  return records.map(each => {
    if (left === 0 && random.chance(0.01)) {
      left = longestSilence
      partitionKey = each.record.partitionKey
    }
    const isSilence = left > 0
    if (isSilence) {
      left--
      elapsedMs += random.below((4 * idleMs) / longestSilence)
    }
    const { at = 0 } = each.record
    return { ...each, record: { ...each.record, at: at + elapsedMs, ...(isSilence && { partitionKey }) } }
  })
}

/** The feed of a queue puts them, each under a name of its own: what comes again is a repeat. */
export const fed = (records: readonly TimedRecord[]): TimedRecord[] =>
  records.map(({ record, ...times }, i) => {
    const name = { id: `message-${i}`, atMs: Math.max(0, times.earliest), key: record.partitionKey }
    return { ...times, record: { ...record, partitionKey: feedRecord(name, record.data).partitionKey } }
  })

/** What producers make of their user records: the same ones in the same order, put together in part. */
export function aggregated(random: Random, records: readonly TimedRecord[], habits: ProducerHabits): TimedRecord[] {
  if (habits.aggregated === 0) return [...records]
  const put: TimedRecord[] = []
  for (let i = 0; i < records.length; ) {
    const count = random.chance(habits.aggregated) ? 1 + random.below(mostTogether) : 0
    if (count === 0) put.push(records[i])
    else put.push(together(records.slice(i, i + count), habits.mixesKeys))
    i += Math.max(1, count)
  }
  return put
}

function together(records: readonly TimedRecord[], mixesKeys: boolean): TimedRecord {
  const writer = new KplWriter()
  const { partitionKey } = records[0].record
  for (const { record } of records) writer.add(mixesKeys ? record.partitionKey : partitionKey, record.data)
  const { at } = records[records.length - 1].record
  return {
    record: { ...(at !== undefined && { at }), partitionKey, data: writer.finish() },
    earliest: Math.min(...records.map(({ earliest }) => earliest)),
    latest: Math.max(...records.map(({ latest }) => latest)),
  }
}

/** Some records once more. None of the repeats is further behind the latest record than `mostBehindMs`. */
export function repeated(
  random: Random,
  records: readonly TimedRecord[],
  share: number,
  mostBehindMs: number,
): TimedRecord[] {
  if (share === 0) return [...records]
  const behind = new Map<number, TimedRecord[]>()
  let latest = Number.NEGATIVE_INFINITY
  for (const [i, each] of records.entries()) {
    latest = Math.max(latest, each.latest)
    if (!random.chance(share)) continue
    let at = i
    let latestThere = latest
    for (let left = random.below(farthest); left > 0 && at + 1 < records.length; left--) {
      latestThere = Math.max(latestThere, records[at + 1].latest)
      if (latestThere - each.earliest > mostBehindMs) break
      at++
    }
    behind.set(at, [...(behind.get(at) ?? []), each])
  }
  return records.flatMap((each, i) => [
    each,
    ...(behind.get(i) ?? []).map(again => ({ ...again, record: { ...again.record, ...timeOf(each) } })),
  ])
}

const timeOf = ({ record: { at } }: TimedRecord): { readonly at?: number } => (at === undefined ? {} : { at })
