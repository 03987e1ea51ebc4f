/** Names of the table's key attributes, and of the one that says when an item may go: seconds since 1970. */
export const tableKeys = { partition: 'pk', sort: 'sk', expires: 'expires' } as const

/**
 * What the partition keys of a part of a pipeline begin with. Each ends with a slash, so that none is the beginning of another's: what a
 * role may touch is said by `dynamodb:LeadingKeys` as the prefix and a star.
 */
export const partitionPrefix = {
  /** Commits of all shards of a stage: one partition a shard, an item a version. */
  log: (pipeline: string, stage: string): string => `log/${pipeline}/${stage}/`,
  /** Pages of all key groups of a stage: one partition a key group, an item a part. */
  page: (pipeline: string, stage: string): string => `page/${pipeline}/${stage}/`,
  /** Rows of a view: partitions by a hash of the row's key, an item a row. */
  view: (pipeline: string, view: string): string => `view/${pipeline}/${view}/`,
  /** Dead letters of a pipeline, of all its stages: an item a letter. */
  letter: (pipeline: string): string => `letter/${pipeline}/`,
  /** Ids that records of a source have claimed: `pipeline/stage`, a partition an id. */
  claim: (source: string): string => `claim/${source}/`,
  /** A schema registry: a partition for each part of it, an item a document. */
  registry: (name: string): string => `registry/${name}/`,
} as const

/** DynamoDB's time to live counts whole seconds. Rounded up: nothing may go before its time. */
export const secondsOf = (ms: number): number => Math.ceil(ms / 1000)
