import { Logger } from '@aws-lambda-powertools/logger'
import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics'
import type { MiddlewareObj } from '@middy/core'
import type { Context, KinesisStreamBatchResponse, KinesisStreamEvent } from 'aws-lambda'
import { type Host, hostSymbol, type InvocationReport } from '../shared/ports/host.ts'

/** What each number of a report is called as a metric. */
const metricNames = {
  recordsIn: 'RecordsIn',
  messagesOut: 'MessagesOut',
  malformed: 'MalformedRecords',
  failed: 'FailedRecords',
  deadLetters: 'DeadLetters',
  late: 'LateRecords',
  expired: 'ExpiredRecords',
  duplicates: 'DuplicatesDropped',
  commits: 'Commits',
  coldLoads: 'ColdLoads',
  viewRows: 'ViewRows',
} as const satisfies Partial<Record<keyof InvocationReport, string>>

/**
 * Logs and metrics of a stage through Powertools: what an invocation did as embedded metrics with the dimensions service and stage,
 * and what it threw as a structured log. A host that listens itself (`isQuiet`) gets the report alone, so that a test or a command
 * prints only what it means to.
 */
export function observed(
  pipeline: string,
  stage: string,
): MiddlewareObj<KinesisStreamEvent, KinesisStreamBatchResponse, Error, Context> {
  const logger = new Logger({ serviceName: pipeline, persistentKeys: { stage } })
  const metrics = new Metrics({ namespace: 'Millrace', serviceName: pipeline, defaultDimensions: { stage } })
  return {
    before: ({ context }) => {
      const host = hostOf(context)
      if (host === undefined || host.isQuiet) return
      const { report } = host
      Reflect.set(context, hostSymbol, { ...host, report: (done: InvocationReport) => publish(metrics, done, report) })
    },
    onError: ({ error, event, context }) => {
      if (hostOf(context)?.isQuiet || error === null) return
      const records = event.Records ?? []
      logger.error('Invocation failed', { error, shard: records[0]?.eventID, records: records.length })
    },
  }
}

function publish(metrics: Metrics, done: InvocationReport, report: Host['report']): void {
  for (const [field, name] of Object.entries(metricNames)) {
    metrics.addMetric(name, MetricUnit.Count, done[field as keyof typeof metricNames])
  }
  metrics.addMetric('CommitBytes', MetricUnit.Bytes, done.commitBytes)
  metrics.addMetric('PageBytes', MetricUnit.Bytes, done.pageBytes)
  metrics.addMetadata('shard', done.shard)
  metrics.addMetadata('watermark', String(done.watermark))
  metrics.publishStoredMetrics()
  report(done)
}

function hostOf(context: Context): Host | undefined {
  const host: Host | undefined = Reflect.get(context, hostSymbol)
  return host
}
