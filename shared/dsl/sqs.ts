import { type Duration, days } from '../model/duration.ts'
import type { Queue } from '../plan/source.ts'
import { remembered } from './remembered.ts'

/** How a queue of SQS is read. */
export type SqsOptions = {
  /**
   * How long it is kept that a message was read, so that a repeat is known as such. A message may come again for as long as the queue keeps
   * it: that long, and longer by how far the source's stage may be behind. Each message takes an item of the pipeline's table until then.
   * Default 15 days: the 14 that a queue keeps messages at most, and one that the stage may be behind.
   */
  readonly remember?: Duration
}

/** A queue that is given when the pipeline is deployed. */
export type SqsOrigin = Queue

/**
 * A queue of SQS, for `from` of a source. Lambda's event source mapping hands its messages to the source's function, which puts them on the
 * source's Kinesis stream; then they are deleted from the queue. The body's bytes come to the codec. A message is named by its id, so one
 * that comes again, of a standard queue or after a failure, counts once: the stage keeps the ids of those that it has read in the pipeline's
 * table. Its event time is when it was sent, unless `eventTime` says otherwise.
 *
 * Messages of a group of a FIFO queue stay in their order. Those of a standard queue have none: `outOfOrder` says how much later than others a
 * message may come and still be in time for windows.
 *
 * Locally the source is a stream like any other: `drive`, `millrace dev` and `run` need no queue.
 *
 * @example
 * const orders = pipeline('orders', ({ source }) => {
 *   const read = source('orders', { codec: json<{ article: string }>(), from: sqs() })
 *   return { articles: read.keyBy('article').count('per-article') }
 * })
 */
export const sqs = ({ remember = days(15) }: SqsOptions = {}): SqsOrigin =>
  Object.freeze({ kind: 'sqs', rememberMs: remembered(remember, 'a queue of SQS') })
