import { Stack, Tags } from 'aws-cdk-lib'
import type { IStream } from 'aws-cdk-lib/aws-kinesis'
import type { IFunction } from 'aws-cdk-lib/aws-lambda'
import { Construct } from 'constructs'
import { stageNamed } from '../shared/plan/plan.ts'
import { resourcesOf } from '../shared/plan/resources.ts'
import { Alarms } from './alarms.ts'
import { wrongProps } from './checks.ts'
import { Clock } from './clock.ts'
import { pipelineDashboard } from './dashboard.ts'
import { duplicateNames } from './duplicates.ts'
import { camelCase, exportsOf, handlerNames } from './entry-exports.ts'
import type { PipelineProps } from './props.ts'
import { StageFunction } from './stage-function.ts'
import { Streams } from './streams.ts'
import { type AnyTable, stateTable } from './table.ts'

/**
 * A pipeline on AWS: a table, a stream before each stage behind a shuffle, a function for each stage with the mapping that hands it its
 * records, a clock, alarms and a dashboard. Source streams are the user's own. Names on AWS are those of `resourcesOf` and `functionName`,
 * so that the command line finds them.
 *
 * Throws an Error that lists everything that is wrong with the props; names that another pipeline of the app has are found by synth.
 *
 * @example
 * new Pipeline(stack, 'Orders', { pipeline: orders, entry: 'functions/orders/handlers.ts', source: { trades } })
 */
export class Pipeline extends Construct {
  /** State and progress, views, dead letters. */
  readonly table: AnyTable
  readonly #functions: ReadonlyMap<string, IFunction>
  readonly #streams: Streams
  readonly #props: PipelineProps

  constructor(scope: Construct, id: string, props: PipelineProps) {
    super(scope, id)
    const { plan } = props.pipeline
    const handlers = handlersOf(props)
    const { table: name } = resourcesOf(plan, props.prefix)
    this.#props = props
    this.table = stateTable(this, name, props)
    this.#streams = new Streams(this, 'Shuffle', props)

    const stages = new Construct(this, 'Stages')
    this.#functions = new Map(
      plan.stages.map(stage => {
        const handler = handlers.get(stage.name) ?? stage.name
        const setting = { stage, handler, table: this.table, streams: this.#streams, props }
        return [stage.name, new StageFunction(stages, stage.name, setting).function]
      }),
    )
    const hasShuffle = this.#streams.shuffle.length > 0
    const clockProps = { table: this.table, streams: this.#streams, props }
    const clock = hasShuffle ? new Clock(this, 'Clock', clockProps).function : undefined

    const { alarms = {}, dashboard = true } = props
    const watched = { pipeline: name, stages: this.#functions }
    if (alarms !== false) new Alarms(this, 'Alarms', { ...watched, clock, options: alarms })
    if (dashboard) pipelineDashboard(this, { ...watched, name: `${name}-${Stack.of(this).region}` })

    for (const [name, value] of Object.entries({ ...props.tags, 'millrace:pipeline': plan.name })) {
      Tags.of(this).add(name, value)
    }
    this.node.addValidation({ validate: () => duplicateNames(this).map(what => cannotDeploy(props, what)) })
  }

  /** A stage's function, to grant it what the user's own code needs. Throws a RangeError that lists the stages. */
  function(stage: string): IFunction {
    return this.#functions.get(stageNamed(this.#props.pipeline.plan, stage).name)!
  }

  /** The stream that feeds a stage. Throws a RangeError that lists the stages. */
  stream(stage: string): IStream {
    return this.#streams.named(stageNamed(this.#props.pipeline.plan, stage).input.stream)
  }
}

/** The handlers' names in the entry. Throws an Error for props that cannot be deployed. */
function handlersOf(props: PipelineProps): ReadonlyMap<string, string> {
  const wrong = wrongProps(props)
  if (wrong.length > 0) throw new Error(wrong.map(what => cannotDeploy(props, what)).join('\n'))
  const names = props.pipeline.plan.stages.map(({ name }) => name)
  const handlers = handlerNames(names, exportsOf(props.entry))
  const missing = names.filter(name => !handlers.has(name))
  if (missing.length === 0) return handlers
  const expected = missing.map(name => `"${camelCase(name)}"`).join(', ')
  throw new Error(
    cannotDeploy(props, `"${props.entry}" exports no handler of ${missing.join(', ')}, expected ${expected} as well`),
  )
}

const cannotDeploy = ({ pipeline }: PipelineProps, what: string): string =>
  `Cannot deploy pipeline "${pipeline.plan.name}": ${what}`
