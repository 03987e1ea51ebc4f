import type { SourceNode } from '../../../shared/plan/source.ts'
import type { Item } from './arrivals.ts'
import type { Evaluation } from './evaluation.ts'
import { exactly, type OracleRecord, type SourceCounts, type SourceInput } from './expected.ts'
import { latestEventTimeMs } from './windows.ts'

/** A record of a stream that another pipeline wrote, as `distinct` by position takes it. */
export type WrittenRecord = { readonly writer: string; readonly position: string; readonly value: unknown }

/** Reads a source's records one by one: decode, event time, the stage's functions; each is counted once. */
export function evaluateSource(
  evaluation: Evaluation,
  source: SourceNode,
  input: SourceInput = { events: [], shards: 1 },
  mayIdle: boolean,
): { readonly counts: SourceCounts; readonly stops: string | undefined } {
  const watermarks = new Map<string, number>()
  // A child begins where its parents ended.
  const watermarkOf = (shard: string): number =>
    watermarks.get(shard) ?? Math.max(Number.NEGATIVE_INFINITY, ...(input.parents?.get(shard) ?? []).map(watermarkOf))
  const advance = (shard: string, watermark: number): void => {
    watermarks.set(shard, Math.max(watermark, watermarkOf(shard)))
  }
  // A shard alone is passed by nobody.
  const isAlone =
    input.shards === 1 && evaluation.plan.stages.filter(stage => stage.input.kind === 'source').length === 1
  const isIdle = mayIdle && source.idleMs < Number.POSITIVE_INFINITY && !isAlone
  const counts = { read: 0, malformed: 0, late: 0 }
  let stops: string | undefined
  const fed = new Set<string>()
  if (input.shards === 1) evaluation.singleShards.add(source.name)
  for (const event of input.events) {
    if ('watermark' in event) {
      advance(event.shard, event.watermark)
      continue
    }
    // What a feed puts again is a repeat, whatever it holds.
    if (source.namedBy === 'feed' && feedName.test(event.partitionKey)) {
      if (fed.has(event.partitionKey)) continue
      fed.add(event.partitionKey)
    }
    counts.read++
    const read = readRecord(source, event)
    if (read === undefined) {
      counts.malformed++
      if (source.onMalformed === 'fail')
        stops ??= `a record of source "${source.name}" is malformed, and its policy is "fail"`
      continue
    }
    const own = watermarkOf(event.shard)
    if (isIdle || read.time <= own) counts.late++
    const item: Item = { ...read, watermark: isIdle ? Number.POSITIVE_INFINITY : own, isDirect: !isIdle }
    if (evaluation.deliver(source, [[item]]) > 0) {
      evaluation.countFailed(source.name, exactly(1))
      if (source.onError === 'fail') stops ??= `a function of stage "${source.name}" throws, and its policy is "fail"`
    } else {
      advance(event.shard, read.time - source.outOfOrderMs - 1)
    }
  }
  return { counts, stops }
}

/** The value and its event time; undefined for a malformed record. */
function readRecord(source: SourceNode, record: OracleRecord): { value: unknown; time: number } | undefined {
  try {
    const { data, arrivalMs, partitionKey } = record
    const value = source.codec.decode(data, 0, data.byteLength)
    const time = source.eventTime(value, (source.namedBy === 'feed' ? sentMs(partitionKey) : undefined) ?? arrivalMs)
    if (!Number.isInteger(time) || Math.abs(time) > latestEventTimeMs) return undefined
    if (source.namedBy !== 'pipeline') return { value, time }
    const written = writtenRecord(partitionKey, value)
    return written && { value: written, time }
  } catch {
    return undefined
  }
}

/** A feed puts under partition keys of the form `millrace/milliseconds/id/key`: the whole of it names the record. */
const feedName = /^millrace\/(\d{1,15})\/[^/]+\/.+$/s

function sentMs(partitionKey: string): number | undefined {
  const parts = feedName.exec(partitionKey)
  return parts === null ? undefined : Number(parts[1])
}

/** A pipeline writes under partition keys of the form `stage/shard/lane/position`. */
function writtenRecord(partitionKey: string, value: unknown): WrittenRecord | undefined {
  const parts = /^([^/]*\/[^/]*\/\d+)\/([A-Za-z0-9]+)$/.exec(partitionKey)
  return parts === null ? undefined : { writer: parts[1], position: parts[2], value }
}
