import { randomUUID } from 'node:crypto'
import type { ShardId } from '../../shared/model/ids.ts'
import { limits } from '../../shared/model/limits.ts'
import type { CloudClient } from '../cloud/operations.ts'
import { endOfInput } from '../input/file-target.ts'
import type { Pace } from '../input/pace.ts'
import type { LinesToRecords } from './lines-to-records.ts'

/** Puts records call by call, at the rate asked for. Calls are numbered, so that a data folder can tell one that is repeated. */
export class RecordSender {
  /** Lines that are put. */
  sent = 0
  /** How many of them are in which shard. */
  readonly byShard = new Map<ShardId, number>()
  readonly #client: CloudClient
  readonly #stream: string
  readonly #pace: Pace
  readonly #producer = randomUUID()
  #calls = 0

  constructor(client: CloudClient, stream: string, pace: Pace) {
    this.#client = client
    this.#stream = stream
    this.#pace = pace
  }

  /** Puts all that the packer has. */
  async send(packer: LinesToRecords, signal: AbortSignal): Promise<void> {
    for (;;) {
      const taken = packer.take(this.#pace.portion)
      if (taken.length === 0) return
      const lines = taken.reduce((sum, { lines }) => sum + lines, 0)
      await this.#pace.turn(lines, signal)
      if (signal.aborted) return
      const call = { producer: this.#producer, number: ++this.#calls }
      const shards = await this.#client.put(
        this.#stream,
        taken.map(({ record }) => record),
        call,
      )
      this.sent += lines
      for (const [i, shard] of shards.entries()) {
        this.byShard.set(shard, (this.byShard.get(shard) ?? 0) + taken[i].lines)
      }
    }
  }

  async end(): Promise<void> {
    if (this.#calls > 0) await this.#client.forgetProducer(this.#producer)
  }
}

/** Tells each open shard that no record follows. Answers how many there are. */
export async function putEnd(client: CloudClient, stream: string): Promise<number> {
  const ends = endOfInput(await client.shards(stream))
  const producer = randomUUID()
  for (let at = 0; at < ends.length; at += limits.putRecordsCount) {
    const call = { producer, number: 1 + at / limits.putRecordsCount }
    await client.put(stream, ends.slice(at, at + limits.putRecordsCount), call)
  }
  await client.forgetProducer(producer)
  return ends.length
}
