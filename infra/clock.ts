import { join } from 'node:path'
import { Duration } from 'aws-cdk-lib'
import { NodejsFunction } from 'aws-cdk-lib/aws-lambda-nodejs'
import { Construct } from 'constructs'
import { everyMinute } from './every-minute.ts'
import { FunctionGround, functionSettings } from './function-ground.ts'
import { useKeysOf, writeStream } from './permissions.ts'
import type { PipelineProps } from './props.ts'
import type { Streams } from './streams.ts'
import type { AnyTable } from './table.ts'

export type ClockProps = {
  /** Named in the function's environment as in every other, and not touched. */
  readonly table: AnyTable
  readonly streams: Streams
  readonly props: PipelineProps
}

/** Of this package: the app that deploys a pipeline is elsewhere, and the CDK takes no entry from beyond its project. */
const projectRoot = join(import.meta.dirname, '..')

/** Once a minute a function puts a tick on every shard between stages, so that time passes where no records come. */
export class Clock extends Construct {
  readonly function: NodejsFunction

  constructor(scope: Construct, id: string, { table, streams, props }: ClockProps) {
    super(scope, id)
    const description = `Clock of pipeline "${props.pipeline.plan.name}"`
    const { logGroup, role } = new FunctionGround(this, 'Ground', { description, props })
    const ticked = streams.shuffle.map(name => streams.named(name))
    for (const statement of [...ticked.map(writeStream), ...useKeysOf(ticked)]) role.addToPolicy(statement)
    const { environment, ...settings } = functionSettings(props)
    this.function = new NodejsFunction(this, 'Function', {
      ...settings,
      description,
      entry: join(projectRoot, 'functions/system/clock.ts'),
      projectRoot,
      // Any file of ours will do: it is looked at only for how modules would be installed, and none are.
      depsLockFilePath: join(projectRoot, 'package.json'),
      handler: 'index.handler',
      memorySize: 256,
      timeout: Duration.seconds(30),
      role,
      logGroup,
      environment: {
        ...environment,
        MILLRACE_TABLE: table.tableName,
        MILLRACE_STREAMS: streams.toJson(streams.shuffle),
      },
    })
    everyMinute(this, this.function, description)
  }
}
