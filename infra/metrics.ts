import { Duration } from 'aws-cdk-lib'
import { Metric, Stats, Unit } from 'aws-cdk-lib/aws-cloudwatch'
import type { IFunction } from 'aws-cdk-lib/aws-lambda'

/** What a stage's handler measures: see functions/observed.ts. */
export type StageMetric =
  | 'RecordsIn'
  | 'RecordsOut'
  | 'LateRecords'
  | 'ExpiredRecords'
  | 'DuplicatesDropped'
  | 'DeadLetters'
  | 'Commits'
  | 'CommitBytes'
  | 'CommitLatency'
  | 'PublishLatency'
  | 'ColdLoads'
  | 'StateBytes'
  | 'WatermarkLag'

const period = Duration.minutes(1)

export const stageMetric = (service: string, stage: string, metricName: StageMetric, statistic: string): Metric =>
  new Metric({ namespace: 'Millrace', metricName, dimensionsMap: { service, stage }, statistic, period })

/** The age of the oldest record that the stage has not dealt with, in milliseconds. */
export const iteratorAge = (stage: IFunction): Metric =>
  stage.metric('IteratorAge', { statistic: Stats.MAXIMUM, period, unit: Unit.MILLISECONDS })
