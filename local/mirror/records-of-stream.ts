import type { ReadPage, ReadRecord } from '../../shared/aws/admin.ts'
import { readPage, shardIterator } from '../../shared/aws/admin.ts'
import type { MirroredCloud } from './mirrored-cloud.ts'

/** Every record that a stream holds, shard by shard, for one that no stage reads: it is read to its end once. */
export async function* recordsOfStream(
  cloud: MirroredCloud,
  stream: string,
): AsyncGenerator<ReadRecord, void, undefined> {
  const { clients, settings, ports } = cloud
  const physicalName = settings.streams?.[stream] ?? stream
  for (const { id } of await ports.streams.listShards(stream)) {
    let iterator: string | undefined = await shardIterator(clients, ports.clock, physicalName, id, { kind: 'oldest' })
    while (iterator !== undefined) {
      const page: ReadPage | undefined = await readPage(clients, ports.clock, iterator, mostRecords)
      yield* page?.records ?? []
      const isOver = page === undefined || (page.records.length === 0 && page.behindMs === 0)
      iterator = isOver ? undefined : (page.next ?? undefined)
    }
  }
}

/** Kinesis: GetRecords answers with at most so many. */
const mostRecords = 10_000
