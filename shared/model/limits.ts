/** Every limit of the engine, with where the number comes from. */
export const limits = {
  /** DynamoDB: an item holds at most 400 KB, names and values together. */
  itemBytes: 400 * 1024,
  /** DynamoDB: a write unit is paid per 1 KB begun, so compressing less than that saves nothing. */
  writeUnitBytes: 1024,
  /** A commit's body stays this far below an item, to leave room for its attributes. */
  commitBodyBytes: 350 * 1024,
  /** A part of a page, likewise. */
  pagePartBytes: 380 * 1024,
  /** Kinesis: a record holds at most 1 MiB of data and partition key (the default of a stream). */
  kinesisRecordBytes: 1024 * 1024,
  /** A chunk stays below a Kinesis record, even where its base64 form is what counts against Lambda's 6 MB. */
  chunkBytes: 700 * 1024,
  /** Kinesis: a put is paid per 25 KB begun, so compressing chunks well below that saves little. */
  putUnitBytes: 25 * 1024,
  /** A dead letter keeps this much of a payload: it must fit an item, and a commit, with its reason and stack. */
  deadLetterBytes: 256 * 1024,
  /** Likewise of its reason, its stack and its key: in JSON a character takes up to 6 bytes. */
  deadLetterCharacters: 4 * 1024,
  /** Kinesis PutRecords: at most 500 records a call. */
  putRecordsCount: 500,
  /** Kinesis PutRecords: at most 5 MiB a call, partition keys included. */
  putRecordsBytes: 5 * 1024 * 1024,
  /** Lambda: at most 10,000 records a batch from Kinesis. */
  batchRecords: 10_000,
  /** Lambda: at most 6 MB a synchronous invocation payload. */
  batchBytes: 6 * 1024 * 1024,
  /** Versions in a commit ring. Protocol: default of R. */
  ringSlots: 64,
  /** Protocol: a log is paged when its ring holds about this many bytes. */
  ringBytes: 1024 * 1024,
  /** Protocol: default of G. */
  keyGroups: 32,
  /** Protocol: greatest G. */
  maxKeyGroups: 1024,
  /** Kinesis: a stream's name has at most 128 characters. */
  streamNameCharacters: 128,
  /** Kinesis: a partition key has at most 256 characters. */
  partitionKeyCharacters: 256,
  /** Event times lie within this of 1970: what a Date holds (8.64e15 ms), less room for the longest window and lateness. */
  eventTimeMs: 8_000_000_000_000_000,
  /** Protocol: tombstones in views, and commits of a log whose children have all begun, are kept this long, in arrival time. */
  retiredMs: 86_400_000,
} as const

/** The limits that a simulation makes small: then little data reaches what else only much data does. */
export type Sizes = {
  readonly [Name in 'ringSlots' | 'ringBytes' | 'pagePartBytes' | 'chunkBytes']: number
}
