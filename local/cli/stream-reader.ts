import { compareSequenceNumbers, type SequenceNumber, type ShardId } from '../../shared/model/ids.ts'
import type { ReadStart, RecordReader, ShardRecord } from '../cloud/operations.ts'
import type { StreamRecord } from '../cloud/streams.ts'
import type { DataFolderClient } from './data-folder-client.ts'

/** Reads all shards of a data folder's stream in the order in which its records were put, across splits and merges. */
export class StreamReader implements RecordReader {
  readonly #client: DataFolderClient
  readonly #stream: string
  readonly #start: ReadStart
  #after: SequenceNumber | undefined
  readonly #cursors = new Map<ShardId, Cursor>()
  #hasBegun = false
  #reached: SequenceNumber | undefined

  constructor(client: DataFolderClient, stream: string, start: ReadStart) {
    this.#client = client
    this.#stream = stream
    this.#start = start
  }

  async *newRecords(): AsyncGenerator<ShardRecord, void, undefined> {
    const fromMs = this.#start.kind === 'time' ? this.#start.ms : Number.NEGATIVE_INFINITY
    for await (const found of this.#recordsPut()) if (found.record.arrivalMs >= fromMs) yield found
  }

  async *#recordsPut(): AsyncGenerator<ShardRecord, void, undefined> {
    const until = await this.#client.call('newest', this.#stream)
    if (!this.#hasBegun) {
      this.#hasBegun = true
      if (this.#start.kind === 'latest') this.#after = until
      this.#reached = this.#after
    }
    if (until === undefined || until === this.#reached) return
    // Sequence numbers ascend over all shards, and a shard that opens later holds none of those up to `until`.
    for (const { id } of await this.#client.call('shards', this.#stream)) {
      if (!this.#cursors.has(id)) this.#cursors.set(id, { shard: id, after: this.#after, page: [], at: 0 })
    }
    const open = new Set(this.#cursors.values())
    while (open.size > 0) {
      for (const cursor of open) {
        await this.#fill(cursor)
        const next = cursor.page[cursor.at]
        if (next === undefined || compareSequenceNumbers(next.sequence, until) > 0) open.delete(cursor)
      }
      for (const record of takeOldest(open, until)) yield record
    }
    this.#reached = until
  }

  async #fill(cursor: Cursor): Promise<void> {
    if (cursor.at < cursor.page.length) return
    cursor.page = await this.#client.call('read', this.#stream, cursor.shard, cursor.after)
    cursor.at = 0
  }
}

/** Where reading a shard is: the page that was read, and the place of the next record in it. */
type Cursor = {
  readonly shard: ShardId
  after: SequenceNumber | undefined
  page: readonly StreamRecord[]
  at: number
}

/** Takes records in order for as long as every cursor has one: a page that is used up may go on with an older one. */
function* takeOldest(cursors: ReadonlySet<Cursor>, until: SequenceNumber): Generator<ShardRecord, void, undefined> {
  for (;;) {
    let oldest: Cursor | undefined
    for (const cursor of cursors) {
      if (cursor.at >= cursor.page.length) return
      if (oldest === undefined || isOlder(cursor, oldest)) oldest = cursor
    }
    if (oldest === undefined) return
    const record = oldest.page[oldest.at]
    if (compareSequenceNumbers(record.sequence, until) > 0) return
    oldest.at++
    oldest.after = record.sequence
    yield { shard: oldest.shard, record }
  }
}

const isOlder = (one: Cursor, other: Cursor): boolean =>
  compareSequenceNumbers(one.page[one.at].sequence, other.page[other.at].sequence) < 0
