import { decodeChunk, sealChunk } from '../emit/chunk.ts'
import type { OutboxChunk } from '../emit/outbox.ts'
import { RetryBatchError, UserFunctionError } from '../model/errors.ts'
import { limits } from '../model/limits.ts'
import { parsePosition } from '../model/position.ts'

/**
 * Records of one batch of a stage without state whose message no Kinesis record can hold. That shows when chunks are cut, after the record has
 * run: then the batch runs again without it, as if its function had thrown.
 */
export class RefusedRecords {
  readonly #errors = new Map<string, UserFunctionError>()

  errorOf(sequence: string, sub: number): UserFunctionError | undefined {
    return this.#errors.size === 0 ? undefined : this.#errors.get(`${sequence}/${sub}`)
  }

  /** Whether one more was found among what the chunks hold. `nameOf` gives the stage behind a stream. */
  findIn(chunks: readonly OutboxChunk[], nameOf: (stream: string) => string): boolean {
    for (const { stream, bytes } of chunks) {
      // An oversized chunk was cut down to one message before, and mostly it is smaller once it is compressed.
      if (bytes.byteLength <= mostBytes) continue
      const sealed = sealChunk(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength))
      if (sealed.length <= mostBytes) continue
      const { major, sub } = parsePosition(decodeChunk(sealed).positionAt(0))
      this.#refuse(major, sub, nameOf(stream), sealed.length)
      return true
    }
    return false
  }

  /** A message put together of several records has the position of the last: what is still too large without that is of those before. */
  #refuse(sequence: string, last: number, stage: string, bytes: number): void {
    let sub = last
    while (sub >= 0 && this.errorOf(sequence, sub) !== undefined) sub--
    const reason = `its message takes ${bytes} bytes, at most ${mostBytes} would be right`
    if (sub < 0) throw new RetryBatchError(`Cannot send to stage "${stage}": ${reason}`)
    this.#errors.set(`${sequence}/${sub}`, new UserFunctionError(stage, new RangeError(reason)))
  }
}

/** What Kinesis takes, less the partition key. */
const mostBytes = limits.kinesisRecordBytes - limits.partitionKeyCharacters
