import { keyGroupOf } from '../model/key.ts'
import type { OutboxRecord } from './outbox.ts'
import { hashKeyOfLane } from './sink-key.ts'

/** What tells a record of a feed from all others, and what is known of it beside its bytes. */
export type FeedName = {
  /** Of the feed's own, and of no other record's. Without `/`. */
  readonly id: string
  /** When it was sent, or what it tells of happened: epoch milliseconds. */
  readonly atMs: number
  /** Records of one key keep their order. With the id at most 230 characters: Kinesis takes 256. */
  readonly key: string
}

/**
 * A record of a feed, as it is put on a source's own stream: the partition key is `millrace/atMs/id/key`, and names it for good. Of one
 * lane, records are put one after the other, so those of one key are in order: a repeat comes behind the first, and nothing that is new
 * comes before what was put already. Which of those with one id counts is claimed by the stage that reads them: see runtime/repeats.
 */
export function feedRecord({ id, atMs, key }: FeedName, data: Uint8Array): OutboxRecord {
  return { partitionKey: `millrace/${atMs}/${id}/${key}`, hashKey: hashKeyOfLane(key), data }
}

/** What a partition key names, or undefined when no feed made it. */
export function feedNameOf(partitionKey: string): FeedName | undefined {
  const [, atMs, id, key] = pattern.exec(partitionKey) ?? []
  return key === undefined ? undefined : { id, atMs: Number(atMs), key }
}

/** A short key for what has this id, one of a few thousand. */
export const feedKeyOf = (id: string): string => String(keyGroupOf(id, mostKeys))

const mostKeys = 4_096
const pattern = /^millrace\/(\d{1,15})\/([^/]+)\/(.+)$/s
