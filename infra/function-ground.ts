import { RemovalPolicy } from 'aws-cdk-lib'
import type { Role } from 'aws-cdk-lib/aws-iam'
import { Architecture, Runtime, Tracing } from 'aws-cdk-lib/aws-lambda'
import { type ILogGroup, LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs'
import { Construct } from 'constructs'
import { folderSourceOf } from '../shared/plan/resources.ts'
import { bundling, conditionsFor } from './bundling.ts'
import { acknowledgeTracing } from './nag.ts'
import { functionRole } from './permissions.ts'
import type { PipelineProps } from './props.ts'

export type GroundProps = {
  readonly description: string
  readonly props: Pick<PipelineProps, 'logRetention' | 'removalPolicy' | 'tracing'>
}

/**
 * What a function stands on: its log, and a role that may do nothing yet but write there. CloudFormation names the log: one that was kept
 * when its stack went would be in the way of the next of the same name.
 */
export class FunctionGround extends Construct {
  readonly logGroup: ILogGroup
  readonly role: Role

  constructor(scope: Construct, id: string, { description, props }: GroundProps) {
    super(scope, id)
    this.logGroup = new LogGroup(this, 'Logs', {
      retention: props.logRetention ?? RetentionDays.THREE_MONTHS,
      removalPolicy: props.removalPolicy ?? RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
    })
    this.role = functionRole(this, this.logGroup, description)
    if (props.tracing) acknowledgeTracing(this.role)
  }
}

/** What all functions of a pipeline have in common. Stacks in logs and dead letters name the lines of the source. */
export const functionSettings = (props: PipelineProps) => ({
  runtime: Runtime.NODEJS_24_X,
  architecture: props.architecture ?? Architecture.ARM_64,
  tracing: props.tracing ? Tracing.ACTIVE : Tracing.DISABLED,
  bundling: {
    ...bundling,
    // The client of S3 is half as large again as all else, and only files need it.
    externalModules: hasFiles(props) ? [] : [...bundling.externalModules],
    ...props.bundling,
    esbuildArgs: { '--conditions': conditionsFor(props.pipeline.plan), ...props.bundling?.esbuildArgs },
  },
  environment: { NODE_OPTIONS: '--enable-source-maps', ...props.environment },
})

const hasFiles = ({ pipeline }: PipelineProps): boolean =>
  pipeline.plan.stages.some(
    ({ input, sinks }) => folderSourceOf(input) !== undefined || sinks.some(({ kind }) => kind === 'files'),
  )
