import { callsWithin } from '../model/calls-within.ts'
import { RetryBatchError } from '../model/errors.ts'
import { hashKeyOfGroup } from '../model/hash-range.ts'
import { limits } from '../model/limits.ts'
import type { Ports } from '../ports/index.ts'
import type { PutRecord } from '../ports/streams.ts'
import { sealChunk } from './chunk.ts'
import type { OutboxChunk, OutboxRecord } from './outbox.ts'

/** Tries of one record before the invocation gives up and the platform hands the batch over again. */
const mostTries = 8
/** First pause between tries; it doubles each time. */
const firstPauseMs = 25

/**
 * Puts chunks so that those of one (stream, key group) are acknowledged one after the other: a receiver never sees a position above one
 * that is still to come (protocol: chunks [m]). Different key groups go side by side.
 */
export async function publishChunks(ports: Ports, producer: string, chunks: readonly OutboxChunk[]): Promise<void> {
  const rounds = new Map<string, PutRecord[][]>()
  const seen = new Map<string, number>()
  for (const chunk of chunks) {
    const place = `${chunk.stream}/${chunk.group}`
    const round = seen.get(place) ?? 0
    seen.set(place, round + 1)
    const ofStream = rounds.get(chunk.stream) ?? []
    rounds.set(chunk.stream, ofStream)
    ofStream[round] ??= []
    ofStream[round].push({
      data: sealChunk(Buffer.from(chunk.bytes.buffer, chunk.bytes.byteOffset, chunk.bytes.byteLength)),
      partitionKey: producer,
      explicitHashKey: hashKeyOfGroup(chunk.group, chunk.groups),
    })
  }
  await Promise.all(
    [...rounds].map(async ([stream, ofStream]) => {
      for (const records of ofStream) await putAll(ports, stream, records)
    }),
  )
}

/** Puts every record, in calls within Kinesis' limits, trying those again that were refused. Order among them is not kept. */
export async function putAll(ports: Ports, stream: string, records: readonly PutRecord[]): Promise<void> {
  for (const call of callsOf(records)) await putCall(ports, stream, call)
}

async function putCall(ports: Ports, stream: string, records: readonly PutRecord[]): Promise<void> {
  let left = records
  let reason = ''
  for (let attempt = 0; attempt < mostTries; attempt++) {
    if (attempt > 0) await ports.clock.sleep(firstPauseMs * 2 ** (attempt - 1))
    const outcomes = await ports.streams.putRecords(stream, left)
    const refused = left.filter((_, i) => outcomes[i]?.kind !== 'accepted')
    if (refused.length === 0) return
    const first = outcomes.find(outcome => outcome.kind === 'refused')
    if (first?.kind === 'refused') reason = first.reason
    left = refused
  }
  throw new RetryBatchError(
    `Cannot put ${left.length} records to stream "${stream}": refused ${mostTries} times, last with "${reason}"`,
  )
}

/** In calls that PutRecords takes, in order. */
export const callsOf = (records: readonly PutRecord[]): PutRecord[][] =>
  callsWithin(
    records,
    limits.putRecordsCount,
    limits.putRecordsBytes,
    ({ data, partitionKey }) => data.length + Buffer.byteLength(partitionKey),
  )

/** Puts the records of each lane one after the other, lanes side by side: readers drop repeats by the highest position of a lane. */
export async function putInOrder(ports: Ports, stream: string, records: readonly OutboxRecord[]): Promise<void> {
  const rounds: PutRecord[][] = []
  // By number: lanes differ in their highest bits, and a Map tells big integers apart by the lowest.
  const seen = new Map<number, number>()
  for (const { partitionKey, hashKey, data } of records) {
    const lane = Number(hashKey)
    const round = seen.get(lane) ?? 0
    seen.set(lane, round + 1)
    rounds[round] ??= []
    rounds[round].push({ data, partitionKey, explicitHashKey: hashKey })
  }
  for (const round of rounds) await putAll(ports, stream, round)
}
