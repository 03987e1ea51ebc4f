import type { SourceNode } from '../../../shared/plan/source.ts'
import type { Item } from './arrivals.ts'
import type { Evaluation } from './evaluation.ts'
import { exactly, type OracleRecord, type SourceCounts, type SourceInput } from './expected.ts'
import { latestEventTimeMs } from './windows.ts'

/** A record of a stream that another pipeline wrote, as `distinct` by position takes it. */
export type WrittenRecord = { readonly writer: string; readonly position: string; readonly value: unknown }

/** A record that a feed may have put, without its id: repeats are left out here, and none is left to the stage that drops them. */
type FedRecord = { readonly key: string; readonly value: unknown }

type ReadRecord = { readonly value: unknown; readonly time: number; readonly once?: string | undefined }

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
    const { value, time, once } = read
    const isRepeat = once !== undefined && fed.has(once)
    if (once !== undefined) fed.add(once)
    const item: Item = { value, time, watermark: isIdle ? Number.POSITIVE_INFINITY : own, isDirect: !isIdle }
    if (!isRepeat && evaluation.deliver(source, [[item]]) > 0) {
      evaluation.countFailed(source.name, exactly(1))
      if (source.onError === 'fail') stops ??= `a function of stage "${source.name}" throws, and its policy is "fail"`
    } else {
      advance(event.shard, time - source.outOfOrderMs - 1)
    }
  }
  return { counts, stops }
}

/** The value and its event time; undefined for a malformed record. */
function readRecord(source: SourceNode, record: OracleRecord): ReadRecord | undefined {
  try {
    const { data, arrivalMs, partitionKey } = record
    const value = source.codec.decode(data, 0, data.byteLength)
    const feed = source.namedBy === 'feed' ? feedOf(partitionKey) : undefined
    const time = source.eventTime(value, feed?.atMs ?? arrivalMs)
    if (!Number.isInteger(time) || Math.abs(time) > latestEventTimeMs) return undefined
    if (feed !== undefined) return { value: { key: feed.key, value } satisfies FedRecord, time, once: feed.once }
    if (source.namedBy !== 'pipeline') return { value, time }
    const written = writtenRecord(partitionKey, value)
    return written && { value: written, time }
  } catch {
    return undefined
  }
}

/** A feed puts under partition keys of the form `millrace/milliseconds/id/key`; what others put is a repeat of nothing. */
function feedOf(partitionKey: string): { readonly atMs?: number; readonly key: string; readonly once?: string } {
  const parts = /^millrace\/(\d{1,15})\/([^/]+)\/(.+)$/s.exec(partitionKey)
  return parts === null ? { key: partitionKey } : { atMs: Number(parts[1]), key: parts[3], once: partitionKey }
}

/** A pipeline writes under partition keys of the form `stage/shard/lane/position`. */
function writtenRecord(partitionKey: string, value: unknown): WrittenRecord | undefined {
  const parts = /^([^/]*\/[^/]*\/\d+)\/([A-Za-z0-9]+)$/.exec(partitionKey)
  return parts === null ? undefined : { writer: parts[1], position: parts[2], value }
}
