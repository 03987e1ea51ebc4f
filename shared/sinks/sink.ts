import type { Codec } from '../codecs/codec.ts'

/**
 * Where a stream's values go by `stream.to(sink)`. The runtime hands it the values of a commit, after the commit; when it rejects, or the
 * process dies before the next commit knows that it resolved, the same values come again under the same id, before anything that follows
 * them. An id never names two different batches. Values of one shard come one batch after the other; those of several shards side by side.
 */
export interface Sink<T> {
  /** Its name in `explain`, e.g. `sqs`. */
  readonly kind: string
  /** Where it writes, for `explain`: an address or a name, never a secret. */
  readonly destination?: string
  /** What a reader of the destination sees when a batch is repeated, in a few words, for `explain`. */
  readonly guarantee: string
  /** With which values are written, where it is one that may have to learn something first: `prepare` is called before. */
  readonly codec?: Codec<T>
  /**
   * Throws for a value that can never be written, e.g. one that is too large: the value's record then follows the source's `onError`. Called
   * before the commit, synchronous and free of effects. What `write` meets later holds up the shard instead.
   */
  check?(value: T): void
  write(values: readonly T[], id: string): Promise<void>
}
