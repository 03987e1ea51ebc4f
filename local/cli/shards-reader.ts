import { type ReadFrom, readPage, shardIterator } from '../../shared/aws/admin.ts'
import type { AwsClients, AwsHost } from '../../shared/aws/index.ts'
import type { SequenceNumber, ShardId } from '../../shared/model/ids.ts'
import type { ShardDescription } from '../../shared/ports/streams.ts'
import type { ReadRecord, ReadStart, RecordReader, ShardRecord } from '../cloud/operations.ts'

/**
 * Reads all shards of a Kinesis stream: a child begins when its parents are read. Among shards, records come in the order of their arrival
 * as far as Kinesis tells it, which across shards is about right and no more.
 */
export class ShardsReader implements RecordReader {
  readonly #clients: AwsClients
  readonly #host: AwsHost
  readonly #stream: string
  readonly #list: () => Promise<readonly ShardDescription[]>
  #start: ReadFrom
  readonly #cursors = new Map<ShardId, Cursor>()

  /** `stream` is its name on AWS. */
  constructor(
    clients: AwsClients,
    host: AwsHost,
    stream: string,
    list: () => Promise<readonly ShardDescription[]>,
    start: ReadStart,
  ) {
    this.#clients = clients
    this.#host = host
    this.#stream = stream
    this.#list = list
    this.#start = start.kind === 'beginning' ? { kind: 'oldest' } : start
  }

  async *newRecords(): AsyncGenerator<ShardRecord, void, undefined> {
    await this.#takeUp()
    // Each shard until it says once that nothing is left: others may go on putting records.
    const done = new Set<Cursor>()
    for (;;) {
      const open = [...this.#cursors.values()].filter(cursor => !done.has(cursor) && this.#mayRead(cursor))
      if (open.length === 0) return
      for (const cursor of open) if ((await this.#fill(cursor)) === 'nothing left') done.add(cursor)
      for (const found of takeOldest(open.filter(cursor => !done.has(cursor)))) yield found
    }
  }

  /** Shards that open later are read from their first record on, wherever reading began. */
  async #takeUp(): Promise<void> {
    for (const { id, parents } of await this.#list()) {
      if (this.#cursors.has(id)) continue
      const cursor = { shard: id, parents, from: this.#start, page: [], at: 0, iterator: undefined, isRead: false }
      this.#cursors.set(id, cursor)
      if (this.#start.kind === 'latest') await this.#begin(cursor)
    }
    if (this.#start.kind === 'latest') this.#start = { kind: 'oldest' }
  }

  #mayRead(cursor: Cursor): boolean {
    return !cursor.isRead && cursor.parents.every(parent => this.#cursors.get(parent)?.isRead !== false)
  }

  async #fill(cursor: Cursor): Promise<'filled' | 'nothing left'> {
    while (cursor.at >= cursor.page.length) {
      cursor.iterator ??= await this.#begin(cursor)
      const page = await readPage(this.#clients, this.#host, cursor.iterator, pageRecords)
      cursor.iterator = page?.next
      // An expired iterator: the shard is taken up again behind its last record.
      if (page === undefined) continue
      cursor.page = page.records
      cursor.at = 0
      cursor.isRead = page.next === undefined && page.records.length === 0
      if (page.records.length === 0 && (cursor.isRead || page.behindMs === 0)) return 'nothing left'
    }
    return 'filled'
  }

  async #begin(cursor: Cursor): Promise<string> {
    const iterator = await shardIterator(this.#clients, this.#host, this.#stream, cursor.shard, cursor.from)
    cursor.iterator = iterator
    return iterator
  }
}

/** Kinesis: a call of GetRecords answers at most 10,000. */
const pageRecords = 5_000

/** Where reading a shard is: the page that was read, and the place of the next record in it. */
type Cursor = {
  readonly shard: ShardId
  readonly parents: readonly ShardId[]
  from: ReadFrom
  page: readonly ReadRecord[]
  at: number
  iterator: string | undefined
  /** All of a closed shard was read. */
  isRead: boolean
}

/** Takes records for as long as every cursor has one: a page that is used up may go on with an older one. */
function* takeOldest(cursors: readonly Cursor[]): Generator<ShardRecord, void, undefined> {
  while (cursors.length > 0 && cursors.every(({ at, page }) => at < page.length)) {
    const oldest = cursors.reduce((a, b) => (b.page[b.at].arrivalMs < a.page[a.at].arrivalMs ? b : a))
    const record = oldest.page[oldest.at++]
    oldest.from = after(record.sequence)
    yield { shard: oldest.shard, record }
  }
}

const after = (sequence: SequenceNumber): ReadFrom => ({ kind: 'after', sequence })
