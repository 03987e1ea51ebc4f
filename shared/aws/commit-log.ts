import { limits } from '../model/limits.ts'
import type { CommitLogPort, PageName, StoredCommit, StoredPage, WritePageOutcome } from '../ports/commit-log.ts'
import { checkItemSize } from '../ports/refusals.ts'
import type { AwsHost } from './calls.ts'
import { binary, binaryOf, type Item, type Items, number, numberOf, text } from './items.ts'
import { secondsOf } from './table-keys.ts'

/**
 * The commit log in DynamoDB. An append is one PutItem whose condition is the commit, the bound and the fence at once; it reads
 * nothing. A put that was lost and tried again by the SDK may find its own first try: that is stale, as any other writer's.
 */
export class DynamoCommitLog implements CommitLogPort {
  readonly #items: Items
  readonly #host: AwsHost

  constructor(items: Items, host: AwsHost) {
    this.#items = items
    this.#host = host
  }

  async append(log: string, { version, start, ring, body }: StoredCommit): Promise<'committed' | 'stale'> {
    const what = `commit ${version} to log "${log}"`
    checkItemSize(what, body.byteLength)
    const { kind } = await this.#items.put(what, {
      Item: {
        pk: text(logPartition(log)),
        sk: text(slotKey(version % ring)),
        version: number(version),
        start: number(start),
        ring: number(ring),
        body: binary(body),
      },
      // The same as mayAppend in commit/ring.ts: only a log's first round may find an empty slot.
      ConditionExpression: `${version < start + ring ? 'attribute_not_exists(pk) OR ' : ''}version = :before`,
      ExpressionAttributeValues: { ':before': number(version - ring) },
    })
    return kind === 'written' ? 'committed' : 'stale'
  }

  async readRing(log: string): Promise<readonly StoredCommit[]> {
    const items = await this.#items.query(`read log "${log}"`, inPartition(logPartition(log)))
    return items.map(commitFrom)
  }

  async writePage(page: PageName, part: StoredPage): Promise<WritePageOutcome> {
    const what = `page of key group ${page.group} of "${page.stage}"`
    checkItemSize(what, part.bytes.byteLength)
    const key = { pk: text(pagePartition(page)), sk: text(`${page.slot}/${slotKey(part.part)}`) }
    const outcome = await this.#items.put(what, {
      Item: {
        ...key,
        version: number(part.version),
        part: number(part.part),
        parts: number(part.parts),
        bytes: binary(part.bytes),
      },
      ConditionExpression: 'attribute_not_exists(pk) OR version < :version',
      ExpressionAttributeValues: { ':version': number(part.version) },
      ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
    })
    if (outcome.kind === 'written') return outcome
    // Emulators that do not tell what refused the put are asked: what is there is never older than that.
    const held = outcome.held ?? (await this.#items.get(`read ${what}`, key))
    if (held === undefined)
      throw new Error(`Cannot store ${what}: what refused it is gone, nothing ever deletes a page`)
    return { kind: 'refused', held: pageFrom(held) }
  }

  async readPage(page: PageName): Promise<readonly StoredPage[]> {
    const items = await this.#items.query(`read page of key group ${page.group} of "${page.stage}"`, {
      KeyConditionExpression: 'pk = :pk AND begins_with(sk, :slot)',
      ExpressionAttributeValues: { ':pk': text(pagePartition(page)), ':slot': text(`${page.slot}/`) },
    })
    return items.map(pageFrom)
  }

  async expire(log: string, keep: number): Promise<void> {
    const items = await this.#items.query(`read log "${log}"`, {
      ...inPartition(logPartition(log)),
      ProjectionExpression: 'pk, sk, version, expires',
    })
    const due = items.filter(item => numberOf(item, 'version') !== keep && item.expires === undefined)
    const expires = number(secondsOf(this.#host.now() + limits.retiredMs))
    await Promise.all(
      due.map(({ pk, sk, version }) =>
        this.#items.update(`let log "${log}" expire`, {
          Key: { pk, sk },
          UpdateExpression: 'SET expires = :expires',
          // A slot that has been written meanwhile is not what was meant.
          ConditionExpression: 'version = :version AND attribute_not_exists(expires)',
          ExpressionAttributeValues: { ':expires': expires, ':version': version },
        }),
      ),
    )
  }
}

const logPartition = (log: string): string => `log/${log}`
const pagePartition = ({ stage, group }: PageName): string => `page/${stage}/${group}`

/** Slots in the order of their numbers, for whoever looks at the table. */
const slotKey = (slot: number): string => String(slot).padStart(4, '0')

const inPartition = (partition: string) => ({
  KeyConditionExpression: 'pk = :pk',
  ExpressionAttributeValues: { ':pk': text(partition) },
})

const commitFrom = (item: Item): StoredCommit => ({
  version: numberOf(item, 'version'),
  start: numberOf(item, 'start'),
  ring: numberOf(item, 'ring'),
  body: binaryOf(item, 'body'),
})

const pageFrom = (item: Item): StoredPage => ({
  version: numberOf(item, 'version'),
  part: numberOf(item, 'part'),
  parts: numberOf(item, 'parts'),
  bytes: binaryOf(item, 'bytes'),
})
