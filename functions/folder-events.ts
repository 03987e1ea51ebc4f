import { wholeRange } from '../shared/model/hash-range.ts'
import { type SequenceNumber, sequenceNumber, shardId } from '../shared/model/ids.ts'
import type { FolderSource } from '../shared/plan/source.ts'
import type { ShardDescription } from '../shared/ports/streams.ts'
import type { Batch, BatchResponse } from '../shared/runtime/batch.ts'
import type { Environment } from '../shared/runtime/environment.ts'
import { placeInFile } from '../shared/sources/file-letter.ts'
import { FolderLog } from '../shared/sources/folder-log.ts'
import type { FolderMark } from '../shared/sources/folder-mark.ts'
import { type FolderBlock, FolderReader } from '../shared/sources/folder-reader.ts'

/** Time that an invocation keeps for what it has begun: no block is begun with less left. */
const keptMs = 5_000

/**
 * Reads on in a source's folder until there is no more or time is short; the next event goes on there. What triggered it does not matter. Of
 * several at once one reads, and the others have nothing to do; should two read, because one was taken for dead, results are exact as well.
 */
export async function readFolder(
  environment: Environment,
  source: FolderSource,
  run: (batch: Batch) => Promise<BatchResponse>,
  remainingMs: () => number,
): Promise<void> {
  const { ports, plan, pipelineVersion } = environment
  const log = new FolderLog(ports.commits, plan.name, source.name)
  await log.load()
  const begunMs = ports.clock.now()
  if (log.progress.heldUntilMs > begunMs) return
  const heldUntilMs = begunMs + remainingMs()
  if (!(await log.save({ ...log.progress, heldUntilMs }))) return
  const enoughMs = Math.min(keptMs, remainingMs() * 0.2)
  const reader = new FolderReader(ports.sourceFiles, source, pipelineVersion)
  let isMine = true
  try {
    for await (const block of reader.blocks(log.progress.mark)) {
      if (block.letters.length > 0) await ports.deadLetters.put(plan.name, block.letters)
      if (block.records.length > 0 && (await run(batchOf(source.name, block))).batchItemFailures.length > 0) break
      isMine = await log.save({ mark: block.mark, heldUntilMs })
      if (!isMine || remainingMs() < enoughMs) break
    }
  } finally {
    // Where that cannot be said now, the time will be up.
    if (isMine) await log.save({ ...log.progress, heldUntilMs: 0 }).catch(() => false)
  }
}

const batchOf = (stream: string, { mark, records }: FolderBlock): Batch => ({
  stream,
  shard: folderShard.id,
  shards: [folderShard],
  records: records.map(({ place, data }) => ({
    sequence: sequenceOf(mark, place),
    partitionKey: placeInFile(mark.file.name, place),
    data,
    arrivalMs: mark.file.modifiedMs,
    control: undefined,
  })),
})

const folderShard: ShardDescription = { id: shardId('folder'), parents: [], range: wholeRange, closed: false }

/** The file's number, then the record's with 15 digits: no number that is counted with has more. */
const sequenceOf = ({ number }: FolderMark, place: number): SequenceNumber =>
  sequenceNumber(`${number}${String(place).padStart(15, '0')}`)
