/**
 * What AWS asks in us-east-1, in US dollars, without free tiers, taxes and discounts by volume. The prices were written down from the
 * pages named, as of `asOf`; nothing fetches them again, so look there before you rely on a figure.
 */
export const prices = {
  asOf: '2025-06',
  region: 'us-east-1',
  currency: 'USD',
  sources: {
    kinesis: 'https://aws.amazon.com/kinesis/data-streams/pricing/',
    dynamo: 'https://aws.amazon.com/dynamodb/pricing/on-demand/',
    lambda: 'https://aws.amazon.com/lambda/pricing/',
    cloudWatch: 'https://aws.amazon.com/cloudwatch/pricing/',
    scheduler: 'https://aws.amazon.com/eventbridge/pricing/',
  },
  kinesis: {
    /** Provisioned: a shard for an hour. */
    shardHour: 0.015,
    /** Provisioned: a million records' units of 25 KB begun. */
    millionPutUnits: 0.014,
    /** On demand: a stream for an hour, and a GB in and out. A record counts in KB begun. */
    streamHour: 0.04,
    gbIn: 0.08,
    gbOut: 0.04,
  },
  dynamo: {
    /** On demand, standard table: a million units of 1 KB begun. */
    millionWriteUnits: 0.625,
    gbMonth: 0.25,
    /** Point-in-time recovery, by the size of the table. */
    recoveryGbMonth: 0.2,
  },
  lambda: {
    millionRequests: 0.2,
    /** On arm64. */
    gbSecond: 0.0000133334,
  },
  cloudWatch: {
    metricMonth: 0.3,
    alarmMonth: 0.1,
    dashboardMonth: 3,
    logGb: 0.5,
  },
  scheduler: { millionInvocations: 1 },
} as const

export type Prices = typeof prices
