import { Duration } from 'aws-cdk-lib'
import { Alarm, ComparisonOperator, type IMetric, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch'
import type { IFunction } from 'aws-cdk-lib/aws-lambda'
import { Construct } from 'constructs'
import { iteratorAge, stageMetric } from './metrics.ts'
import type { AlarmOptions } from './props.ts'

export type AlarmsProps = {
  /** The deployment: prefix and name of the pipeline. */
  readonly pipeline: string
  /** Functions of the stages, by name. */
  readonly stages: ReadonlyMap<string, IFunction>
  /** Left out where there is nothing to tick. */
  readonly clock: IFunction | undefined
  readonly options: AlarmOptions
}

/**
 * What a person should look at. A failed invocation is retried and costs nothing but time, so it takes several in a row to raise an alarm;
 * a dead letter takes one.
 */
export class Alarms extends Construct {
  readonly #options: AlarmOptions

  constructor(scope: Construct, id: string, { pipeline, stages, clock, options }: AlarmsProps) {
    super(scope, id)
    this.#options = options
    const { iteratorAge: oldest = Duration.minutes(5), watermarkLag = Duration.minutes(15) } = options
    const period = Duration.minutes(5)
    for (const [stage, target] of stages) {
      const of = new Construct(this, stage)
      const about = (what: string) => `Stage "${stage}" of pipeline "${pipeline}": ${what}`
      this.#alarm(of, 'IteratorAge', iteratorAge(target), {
        above: oldest.toMilliseconds(),
        description: about('records wait too long, it is stuck or too slow: look at its log and its shards'),
      })
      this.#alarm(of, 'Errors', target.metricErrors({ period }), {
        above: 0,
        periods: 3,
        description: about('invocations keep failing and are tried again without end: look at its log'),
      })
      this.#alarm(of, 'Throttles', target.metricThrottles({ period }), {
        above: 0,
        periods: 3,
        description: about("invocations keep being refused: look at the account's concurrency"),
      })
      this.#alarm(of, 'DeadLetters', stageMetric(pipeline, stage, 'DeadLetters', 'Sum'), {
        above: 0,
        description: about('records were set aside as dead letters: look at them with "millrace faults list"'),
      })
      if (watermarkLag === false) continue
      this.#alarm(of, 'WatermarkLag', stageMetric(pipeline, stage, 'WatermarkLag', 'Maximum'), {
        above: watermarkLag.toMilliseconds(),
        periods: 5,
        description: about('event time lags behind, windows close late: look for a silent shard of a source'),
      })
    }
    if (clock !== undefined) {
      this.#alarm(this, 'Clock', clock.metricErrors({ period }), {
        above: 0,
        // No number at all means that nothing was invoked.
        missing: TreatMissingData.BREACHING,
        description: `Clock of pipeline "${pipeline}": ticks fail or stopped, windows do not close while nothing arrives`,
      })
    }
  }

  #alarm(scope: Construct, id: string, metric: IMetric, condition: Condition): void {
    const { above, description, periods = 1, missing = TreatMissingData.NOT_BREACHING } = condition
    const alarm = new Alarm(scope, id, {
      metric,
      alarmDescription: description,
      threshold: above,
      comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
      evaluationPeriods: periods,
      treatMissingData: missing,
    })
    for (const action of this.#options.actions ?? []) {
      alarm.addAlarmAction(action)
      alarm.addOkAction(action)
    }
  }
}

type Condition = {
  readonly above: number
  readonly description: string
  /** In a row. @default 1 */
  readonly periods?: number
  /** @default not breaching: nothing was invoked, and nothing is wrong */
  readonly missing?: TreatMissingData
}
