import { join } from 'node:path'
import { Duration } from 'aws-cdk-lib'
import { type IGrantable, PolicyStatement } from 'aws-cdk-lib/aws-iam'
import { Architecture, type FunctionUrl, FunctionUrlAuthType, Runtime, Tracing } from 'aws-cdk-lib/aws-lambda'
import { NodejsFunction } from 'aws-cdk-lib/aws-lambda-nodejs'
import { Construct } from 'constructs'
import { partitionPrefix } from '../shared/aws/table-keys.ts'
import { bundling } from './bundling.ts'
import { FunctionGround } from './function-ground.ts'
import { useKeysOf } from './permissions.ts'
import type { PipelineProps } from './props.ts'
import { type AnyTable, stateTable } from './table.ts'

/** What a schema registry is told. Everything has a default. */
export type SchemaRegistryProps = Pick<
  PipelineProps,
  | 'table'
  | 'prefix'
  | 'encryptionKey'
  | 'removalPolicy'
  | 'deletionProtection'
  | 'logRetention'
  | 'tracing'
  | 'architecture'
> & {
  /** Keeps several registries of one table apart. @default 'default' */
  readonly name?: string
  /**
   * Who may call the function URL: `iam`, those whom `grantAccess` names, who sign their calls; `none`, everybody who knows the address,
   * for a registry behind something that asks for credentials itself.
   *
   * @default 'iam'
   */
  readonly auth?: 'iam' | 'none'
  /** MiB. @default 512 */
  readonly memoryMiB?: number
}

/** Of this package: the app that deploys it is elsewhere, and the CDK takes no entry from beyond its project. */
const projectRoot = join(import.meta.dirname, '..')

/**
 * The schema registry on AWS, by Confluent's REST interface: a function behind a function URL, and a table unless it is given one, such as
 * a pipeline's. The function may touch the registry's own items alone.
 *
 * @example
 * const registry = new SchemaRegistry(stack, 'Schemas', { table: pipeline.table })
 * registry.grantAccess(pipeline.function('trades'))
 */
export class SchemaRegistry extends Construct {
  readonly function: NodejsFunction
  readonly table: AnyTable
  /** The address of the function URL, with a slash at its end. */
  readonly url: string
  readonly #functionUrl: FunctionUrl

  constructor(scope: Construct, id: string, props: SchemaRegistryProps = {}) {
    super(scope, id)
    const { name = 'default', prefix = '', auth = 'iam', memoryMiB = 512 } = props
    if (!/^[\w.-]{1,64}$/.test(name)) {
      throw new Error(`Cannot deploy schema registry "${name}": expected a name of letters, digits, "_", "." or "-"`)
    }
    const description = `Schema registry "${name}"`
    this.table = stateTable(this, `${prefix}schema-registry`, props)
    const { logGroup, role } = new FunctionGround(this, 'Ground', { description, props })
    role.addToPolicy(registryItems(name, this.table.tableArn))
    for (const statement of useKeysOf([this.table])) role.addToPolicy(statement)
    this.function = new NodejsFunction(this, 'Function', {
      runtime: Runtime.NODEJS_24_X,
      architecture: props.architecture ?? Architecture.ARM_64,
      tracing: props.tracing ? Tracing.ACTIVE : Tracing.DISABLED,
      bundling: { ...bundling, externalModules: [...bundling.externalModules] },
      description,
      entry: join(projectRoot, 'functions/system/registry.ts'),
      projectRoot,
      // Any file of ours will do: it is looked at only for how modules would be installed, and none are.
      depsLockFilePath: join(projectRoot, 'package.json'),
      handler: 'index.handler',
      memorySize: memoryMiB,
      timeout: Duration.seconds(30),
      role,
      logGroup,
      environment: {
        NODE_OPTIONS: '--enable-source-maps',
        MILLRACE_TABLE: this.table.tableName,
        MILLRACE_REGISTRY: name,
      },
    })
    this.#functionUrl = this.function.addFunctionUrl({
      authType: auth === 'iam' ? FunctionUrlAuthType.AWS_IAM : FunctionUrlAuthType.NONE,
    })
    this.url = this.#functionUrl.url
  }

  /** Lets a role or a function call the registry, with calls that are signed. */
  grantAccess(grantee: IGrantable): void {
    this.#functionUrl.grantInvokeUrl(grantee)
  }
}

/** A transaction needs the permission of each of its parts. */
function registryItems(name: string, tableArn: string): PolicyStatement {
  return new PolicyStatement({
    actions: [
      'dynamodb:GetItem',
      'dynamodb:Query',
      'dynamodb:PutItem',
      'dynamodb:UpdateItem',
      'dynamodb:ConditionCheckItem',
    ],
    resources: [tableArn],
    conditions: { 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': [`${partitionPrefix.registry(name)}*`] } },
  })
}
