import type { CloudWatchClient, GetMetricStatisticsCommandOutput } from '@aws-sdk/client-cloudwatch'
import { type AwsHost, callService } from './calls.ts'
import type { AwsSettings } from './settings.ts'

/** As far back as is looked: Lambda's metrics come a minute or two late. */
const lookBackMs = 10 * 60_000

/** What tools ask of CloudWatch, as far as a client must do it. */
export type MetricReader = Pick<CloudWatchClient, 'send'>

/** A client of CloudWatch, loaded when it is asked for. Close it with `destroy`. */
export async function metricReader({ region }: Pick<AwsSettings, 'region'>): Promise<CloudWatchClient> {
  const { CloudWatchClient } = await import('@aws-sdk/client-cloudwatch')
  return new CloudWatchClient(region === undefined ? {} : { region })
}

/**
 * How long the oldest record of a function's slowest shard had waited when it was handed over, in milliseconds: Lambda's IteratorAge, of the
 * newest minute that has one. Undefined where it was not invoked in the last minutes. Failures are sentences, see calls.ts.
 */
export async function iteratorAgeMs(
  reader: MetricReader,
  host: Pick<AwsHost, 'now' | 'sleep' | 'remainingMs'>,
  functionName: string,
): Promise<number | undefined> {
  const { GetMetricStatisticsCommand } = await import('@aws-sdk/client-cloudwatch')
  const now = host.now()
  const command = new GetMetricStatisticsCommand({
    Namespace: 'AWS/Lambda',
    MetricName: 'IteratorAge',
    Dimensions: [{ Name: 'FunctionName', Value: functionName }],
    StartTime: new Date(now - lookBackMs),
    EndTime: new Date(now),
    Period: 60,
    Statistics: ['Maximum'],
  })
  const doing = `read the iterator age of function "${functionName}"`
  return newestMaximum(await callService(host, doing, 'CloudWatch', options => reader.send(command, options)))
}

/** Data points come in no order. */
function newestMaximum({ Datapoints = [] }: GetMetricStatisticsCommandOutput): number | undefined {
  const newestFirst = Datapoints.toSorted((a, b) => (b.Timestamp?.getTime() ?? 0) - (a.Timestamp?.getTime() ?? 0))
  return newestFirst[0]?.Maximum
}
