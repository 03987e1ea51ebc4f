import type { ReadPage } from '../../shared/aws/admin.ts'
import { readPage, shardIterator } from '../../shared/aws/admin.ts'
import type { MirroredCloud } from './mirrored-cloud.ts'

/** How many records a stream holds, for one that no stage reads: it is read to its end once. */
export async function countRecords(cloud: MirroredCloud, stream: string): Promise<number> {
  const { clients, settings, ports } = cloud
  const physicalName = settings.streams?.[stream] ?? stream
  let count = 0
  for (const { id } of await ports.streams.listShards(stream)) {
    let iterator: string | undefined = await shardIterator(clients, ports.clock, physicalName, id, { kind: 'oldest' })
    while (iterator !== undefined) {
      const page: ReadPage | undefined = await readPage(clients, ports.clock, iterator, mostRecords)
      count += page?.records.length ?? 0
      const isOver = page === undefined || (page.records.length === 0 && page.behindMs === 0)
      iterator = isOver ? undefined : (page.next ?? undefined)
    }
  }
  return count
}

/** Kinesis: GetRecords answers with at most so many. */
const mostRecords = 10_000
