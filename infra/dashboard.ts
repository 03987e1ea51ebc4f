import { Duration } from 'aws-cdk-lib'
import { Dashboard, GraphWidget, type Metric, Stats } from 'aws-cdk-lib/aws-cloudwatch'
import type { IFunction } from 'aws-cdk-lib/aws-lambda'
import type { Construct } from 'constructs'
import { iteratorAge, type StageMetric, stageMetric } from './metrics.ts'

export type DashboardProps = {
  readonly name: string
  /** The deployment: prefix and name of the pipeline. */
  readonly pipeline: string
  /** Functions of the stages, by name. */
  readonly stages: ReadonlyMap<string, IFunction>
}

/** One page: what passes, what waits, what went wrong and what it costs, a line for each stage. */
export function pipelineDashboard(scope: Construct, { name, pipeline, stages }: DashboardProps): Dashboard {
  const graph = (title: string, unit: string, metric: (stage: string, target: IFunction) => Metric): GraphWidget =>
    new GraphWidget({
      title,
      left: [...stages].map(([stage, target]) => metric(stage, target).with({ label: stage })),
      leftYAxis: { min: 0, showUnits: false, label: unit },
      width: 6,
      height: 6,
    })
  const measured = (title: string, metric: StageMetric, statistic: string, unit = ''): GraphWidget =>
    graph(title, unit, stage => stageMetric(pipeline, stage, metric, statistic))
  const invoked = (title: string, metric: (target: IFunction) => Metric, unit = ''): GraphWidget =>
    graph(title, unit, (_, target) => metric(target))
  const period = Duration.minutes(1)
  return new Dashboard(scope, 'Dashboard', {
    dashboardName: name,
    defaultInterval: Duration.hours(3),
    widgets: [
      [
        measured('Records in', 'RecordsIn', Stats.SUM),
        measured('Records out', 'RecordsOut', Stats.SUM),
        invoked('Age of the oldest record', iteratorAge, 'ms'),
        measured('Lag of the watermark', 'WatermarkLag', Stats.MAXIMUM, 'ms'),
      ],
      [
        invoked('Errors', target => target.metricErrors({ period })),
        invoked('Throttles', target => target.metricThrottles({ period })),
        measured('Dead letters', 'DeadLetters', Stats.SUM),
        measured('Late records', 'LateRecords', Stats.SUM),
      ],
      [
        invoked('Invocations', target => target.metricInvocations({ period })),
        invoked('Duration, p99', target => target.metricDuration({ period, statistic: 'p99' }), 'ms'),
        measured('Latency of a commit, p99', 'CommitLatency', 'p99', 'ms'),
        measured('Latency of publishing, p99', 'PublishLatency', 'p99', 'ms'),
      ],
      [
        measured('Bytes committed', 'CommitBytes', Stats.SUM),
        measured('Bytes of state', 'StateBytes', Stats.MAXIMUM),
        measured('Duplicates dropped', 'DuplicatesDropped', Stats.SUM),
        measured('Cold loads', 'ColdLoads', Stats.SUM),
      ],
    ],
  })
}
