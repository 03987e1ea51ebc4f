import { hashKeyOfGroup } from '../model/hash-range.ts'
import { keyGroupOf } from '../model/key.ts'
import { type PositionText, parsePosition } from '../model/position.ts'
import type { Origin } from '../operators/operator.ts'
import type { OutboxRecord } from './outbox.ts'

/**
 * Records of a stream that a pipeline writes for others: the partition key is `stage/shard/lane/position`, and names each record for
 * good. Of one lane, records are put one after the other, so positions in it ascend: a reader that keeps the highest of each lane
 * drops repeats exactly. Rows of one key are in one lane.
 */
const lanes = 1024

/** A value that is no row goes to any lane, as long as it is the same on a retry. */
export function sinkRecord(
  producer: string,
  origin: Origin | undefined,
  position: PositionText,
  data: Uint8Array,
): OutboxRecord {
  const lane = laneOf(origin?.id ?? position)
  return { partitionKey: `${producer}/${lane}/${position}`, hashKey: hashKeyOfGroup(lane, lanes), data }
}

/** Where in the hash space what has this id goes. */
export const hashKeyOfLane = (id: string): bigint => hashKeyOfGroup(laneOf(id), lanes)

const laneOf = (id: string): number => keyGroupOf(id, lanes)

/** What a partition key names, or undefined when it is none of a pipeline's. */
export function sinkKeyOf(
  partitionKey: string,
): { readonly writer: string; readonly position: PositionText } | undefined {
  const parts = partitionKey.split('/')
  if (parts.length !== 4) return undefined
  const [stage, shard, lane, position] = parts
  if (!/^\d+$/.test(lane) || !isPosition(position)) return undefined
  return { writer: `${stage}/${shard}/${lane}`, position }
}

function isPosition(text: string): text is PositionText {
  try {
    parsePosition(text as PositionText)
    return /^[A-Za-z0-9]+$/.test(text)
  } catch {
    return false
  }
}
