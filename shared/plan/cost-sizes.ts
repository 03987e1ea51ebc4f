/**
 * Sizes that the cost model takes for what no plan can tell. Bytes were measured on the orders by `bench/write-units.ts`, which writes the
 * items of shared/aws; times are assumptions, as nobody's functions are known.
 */
export const sizes = {
  /** A chunk without a message. */
  chunkBytes: 70,
  /** Of a message of a transient stage, for each Kinesis record in the chunk: its sequence number. */
  positionBytes: 62,
  /** Of any message: its key's share, its time, its numbers. */
  messageBytes: 8,
  /** Of a message for each part that was taken of a value, and of a row. */
  partBytes: 8,
  rowMessageBytes: 14,
  /** A chunk of at least 25 KB is compressed to about this share. */
  compressed: 0.4,
  /** A commit's item, as compressed: with nothing in it; for each entry changed; for each producer's position; for each message or row out. */
  commitBytes: 560,
  entryBytes: 10,
  producerBytes: 28,
  outBytes: 7,
  /** A page, as compressed: with nothing in it, and for each entry and producer. */
  pageBytes: 120,
  pageEntryBytes: 10,
  pageProducerBytes: 60,
  /** A view's row: its item. */
  rowBytes: 150,
  /** An id of a feed: its item, with the 100 bytes that DynamoDB adds to each. */
  claimBytes: 300,
  /** Milliseconds of an invocation: with nothing in it, for each event or message, for each row put. */
  transientMs: 25,
  loggedMs: 35,
  eventMs: 0.01,
  rowMs: 0.3,
  clockMs: 100,
  /** MiB of the clock's function. */
  clockMiB: 256,
  /** Bytes of log of an invocation: its metrics, and what the platform writes. */
  logBytes: 2_200,
  /** Custom metrics of a stage, alarms of a stage: see functions/observed.ts and infra/alarms.ts. */
  transientMetrics: 15,
  loggedMetrics: 19,
  alarms: 5,
} as const
