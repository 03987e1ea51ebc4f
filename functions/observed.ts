import { Logger } from '@aws-lambda-powertools/logger'
import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics'
import type { MiddlewareObj } from '@middy/core'
import type { Context, KinesisStreamBatchResponse } from 'aws-lambda'
import { beginningOfTime, endOfTime } from '../shared/model/event-time.ts'
import { hostSymbol, type InvocationReport } from '../shared/ports/host.ts'
import { hostOf } from './hosted.ts'
import type { StageEvent } from './stage-event.ts'

/** What each count of a report is called as a metric. */
const countNames = {
  recordsIn: 'RecordsIn',
  messagesOut: 'MessagesOut',
  sinkRecords: 'SinkRecords',
  viewRows: 'ViewRows',
  malformed: 'MalformedRecords',
  failed: 'FailedRecords',
  deadLetters: 'DeadLetters',
  late: 'LateRecords',
  expired: 'ExpiredRecords',
  duplicates: 'DuplicatesDropped',
  commits: 'Commits',
  coldLoads: 'ColdLoads',
} as const satisfies Partial<Record<keyof InvocationReport, string>>

/**
 * Logs and metrics of a stage through Powertools, whose environment variables hold for both: `POWERTOOLS_LOG_LEVEL`, `POWERTOOLS_DEV`,
 * `POWERTOOLS_METRICS_DISABLED`, and `POWERTOOLS_SERVICE_NAME` in place of the pipeline's name, where one account has several deployments.
 *
 * - metrics of each invocation in the embedded metric format, with the dimensions service and stage; of one that threw too,
 *   as what it committed before counts
 * - a structured log of what an invocation threw, at level error, and of what one did, at level debug, with shard, version and position
 *
 * Never a payload: not of a record, a key or a row. But the sentence of an error that the user's own function threw is the user's. A host
 * that listens itself (`isQuiet`) gets the report alone, so that a test or a command prints only what it means to.
 */
export function observed(
  pipeline: string,
  stage: string,
): MiddlewareObj<StageEvent, KinesisStreamBatchResponse, Error, Context> {
  // Made when first used: a module has a handler for every stage, and a Lambda function runs one of them.
  let known: { readonly logger: Logger; readonly metrics: Metrics } | undefined
  const serviceName = process.env.POWERTOOLS_SERVICE_NAME ?? pipeline
  const tools = () =>
    (known ??= {
      logger: new Logger({ serviceName, persistentKeys: { stage } }),
      metrics: new Metrics({ namespace: 'Millrace', serviceName, defaultDimensions: { stage } }),
    })
  // By invocation, as a process that is no Lambda may have several at once.
  const reports = new WeakMap<Context, InvocationReport>()
  return {
    before: ({ context, event }) => {
      const host = hostOf(context)
      if (host === undefined || host.isQuiet) return
      const keep = (report: InvocationReport): void => {
        reports.set(context, report)
        publish(tools().metrics, report, host.ports.clock.now())
      }
      Reflect.set(context, hostSymbol, {
        ...host,
        report: heardBy(keep, host.report),
        failed: heardBy(keep, host.failed),
        gaveBack: heardBy((reason: string) => tools().logger.error(reason, placeOf(event)), host.gaveBack),
      })
    },
    after: ({ event, context, response }) => {
      const report = reports.get(context)
      if (report === undefined) return
      const next = response?.batchItemFailures[0]?.itemIdentifier
      tools().logger.debug('Invocation done', {
        ...placeOf(event),
        ...progressOf(report),
        ...(next !== undefined && { next }),
      })
    },
    onError: ({ error, event, context }) => {
      if (hostOf(context)?.isQuiet || error === null) return
      const report = reports.get(context)
      tools().logger.error('Invocation failed', {
        error,
        ...placeOf(event),
        ...(report !== undefined && progressOf(report)),
      })
    },
  }
}

type Listener<Heard> = (heard: Heard) => void

const heardBy =
  <Heard>(first: Listener<Heard>, second: Listener<Heard> | undefined): Listener<Heard> =>
  heard => {
    first(heard)
    second?.(heard)
  }

function publish(metrics: Metrics, report: InvocationReport, nowMs: number): void {
  for (const [field, name] of Object.entries(countNames)) {
    metrics.addMetric(name, MetricUnit.Count, report[field as keyof typeof countNames])
  }
  metrics.addMetric('RecordsOut', MetricUnit.Count, report.messagesOut + report.sinkRecords + report.viewRows)
  metrics.addMetric('PublishLatency', MetricUnit.Milliseconds, report.publishMs)
  if (report.commits > 0) metrics.addMetric('CommitLatency', MetricUnit.Milliseconds, report.commitMs / report.commits)
  if (report.version !== undefined) {
    metrics.addMetric('CommitBytes', MetricUnit.Bytes, report.commitBytes)
    metrics.addMetric('PageBytes', MetricUnit.Bytes, report.pageBytes)
    metrics.addMetric('StateBytes', MetricUnit.Bytes, report.stateBytes)
  }
  const { watermark } = report
  const hasTime = watermark > beginningOfTime && watermark < endOfTime
  if (hasTime) metrics.addMetric('WatermarkLag', MetricUnit.Milliseconds, Math.max(0, nowMs - watermark))
  metrics.addMetadata('shard', report.shard)
  if (report.version !== undefined) metrics.addMetadata('version', String(report.version))
  metrics.addMetadata('watermark', String(watermark))
  metrics.publishStoredMetrics()
}

/**
 * Which records were handed over: a shard, and the sequence numbers of the first and the last; of Kafka, each partition's offsets; of what feeds
 * a source, ids.
 */
function placeOf(event: StageEvent) {
  if ('records' in event) {
    const partitions = Object.entries(event.records)
    return { partitions: partitions.map(([name, own]) => `${name}: ${own[0]?.offset} to ${own.at(-1)?.offset}`) }
  }
  const all = 'Records' in event ? event.Records : []
  const records = all.filter(record => 'kinesis' in record)
  if (records.length < all.length) {
    return { from: all[0].eventSource, first: idOf(all[0]), last: idOf(all[all.length - 1]), records: all.length }
  }
  const [first] = records
  return {
    shard: first?.eventID?.split(':')[0],
    first: first?.kinesis?.sequenceNumber,
    last: records.at(-1)?.kinesis?.sequenceNumber,
    records: records.length,
  }
}

function idOf(record: object): unknown {
  if ('messageId' in record) return record.messageId
  return 'eventID' in record ? record.eventID : undefined
}

const progressOf = ({ version, recordsIn, commits, messagesOut, deadLetters }: InvocationReport) => ({
  version,
  recordsIn,
  commits,
  messagesOut,
  deadLetters,
})
