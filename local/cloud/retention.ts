import { compareSequenceNumbers, type SequenceNumber, type ShardId } from '../../shared/model/ids.ts'
import type { EmbeddedCloud } from './embedded-cloud.ts'

/** Records of a shard up to `through`, behind those of the mark before. */
type Mark = { readonly shard: ShardId; through: SequenceNumber; bytes: number }

/** Marks closer than this are one. */
const markBytes = 64 * 1024

/**
 * Forgets a stream's records once its consumer is done with them, but keeps the newest of those for whoever wants to look: a real stream
 * keeps them for a day. What is not done is never forgotten.
 */
export class Retention {
  readonly #cloud: EmbeddedCloud
  readonly #stream: string
  readonly #mapping: string
  readonly #keptBytes: number
  /** Oldest first. */
  readonly #marks: Mark[] = []
  #bytes = 0

  /** Looks through what an earlier process left. */
  constructor(cloud: EmbeddedCloud, stream: string, mapping: string, keptBytes: number) {
    this.#cloud = cloud
    this.#stream = stream
    this.#mapping = mapping
    this.#keptBytes = keptBytes
    for (const { id } of cloud.streams.describe(stream)) this.#markDone(id)
    this.#trim()
  }

  /** Records of the shard were checkpointed: `bytes` of data. */
  done(shard: ShardId, bytes: number): void {
    const through = this.#cloud.checkpoints.get(this.#mapping, shard)?.through
    if (through === undefined || bytes === 0) return
    this.#mark(shard, through, bytes)
    this.#trim()
  }

  #markDone(shard: ShardId): void {
    const through = this.#cloud.checkpoints.get(this.#mapping, shard)?.through
    if (through === undefined) return
    let at: SequenceNumber | undefined
    for (;;) {
      const page = this.#cloud.streams.read(this.#stream, shard, at, 1_000, 1024 * 1024)
      const done = page.filter(({ sequence }) => compareSequenceNumbers(sequence, through) <= 0)
      if (done.length === 0) return
      at = done[done.length - 1].sequence
      this.#mark(
        shard,
        at,
        done.reduce((sum, { data }) => sum + data.byteLength, 0),
      )
    }
  }

  #mark(shard: ShardId, through: SequenceNumber, bytes: number): void {
    this.#bytes += bytes
    const last = this.#marks.at(-1)
    if (last !== undefined && last.shard === shard && last.bytes < markBytes) {
      last.through = through
      last.bytes += bytes
    } else {
      this.#marks.push({ shard, through, bytes })
    }
  }

  #trim(): void {
    while (this.#bytes > this.#keptBytes) {
      const oldest = this.#marks.shift()
      if (oldest === undefined) return
      this.#bytes -= oldest.bytes
      this.#cloud.streams.trim(this.#stream, oldest.shard, oldest.through)
    }
  }
}
