import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam'
import type { IStream } from 'aws-cdk-lib/aws-kinesis'
import type { IKey } from 'aws-cdk-lib/aws-kms'
import type { ILogGroup } from 'aws-cdk-lib/aws-logs'
import type { Construct } from 'constructs'
import { partitionPrefix } from '../shared/aws/table-keys.ts'
import type { Plan, Stage } from '../shared/plan/plan.ts'
import { feedOf } from '../shared/plan/resources.ts'
import { acknowledgeFiles, acknowledgeNetwork } from './nag.ts'
import type { AnyBucket } from './props.ts'

/** A role that a function takes on, without any permission but to write to its own log. */
export function functionRole(scope: Construct, logs: ILogGroup, description: string): Role {
  const role = new Role(scope, 'Role', { assumedBy: new ServicePrincipal('lambda.amazonaws.com'), description })
  role.addToPolicy(allow(['logs:CreateLogStream', 'logs:PutLogEvents'], logs.logGroupArn))
  return role
}

/** Lambda's polling of a stream, and the shards' lineage. */
export const readStream = (stream: IStream): PolicyStatement =>
  allow(
    [
      'kinesis:DescribeStream',
      'kinesis:DescribeStreamSummary',
      'kinesis:GetRecords',
      'kinesis:GetShardIterator',
      'kinesis:ListShards',
    ],
    stream.streamArn,
  )

export const readAsConsumer = (consumerArn: string): PolicyStatement =>
  allow(['kinesis:DescribeStreamConsumer', 'kinesis:SubscribeToShard'], consumerArn)

export const writeStream = (stream: IStream): PolicyStatement =>
  allow(['kinesis:PutRecords', 'kinesis:ListShards'], stream.streamArn)

/** The items of a stage alone: state and progress where it has any, rows of its views, dead letters. */
export function stageItems(plan: Plan, stage: Stage, tableArn: string): PolicyStatement[] {
  const views = stage.sinks
    .filter(sink => sink.kind === 'view')
    .map(({ name }) => partitionPrefix.view(plan.name, name))
  const claims = feedOf(stage.input) === undefined ? [] : [partitionPrefix.claim(`${plan.name}/${stage.name}`)]
  const state = [partitionPrefix.log(plan.name, stage.name), partitionPrefix.page(plan.name, stage.name)]
  const written = allow(['dynamodb:PutItem'], tableArn)
  whereKeysBegin(written, [
    ...views,
    ...claims,
    partitionPrefix.letter(plan.name),
    ...(stage.kind === 'logged' ? state : []),
  ])
  if (stage.kind === 'transient') return [written]
  const kept = allow(['dynamodb:GetItem', 'dynamodb:Query', 'dynamodb:UpdateItem'], tableArn)
  whereKeysBegin(kept, state)
  return [written, kept]
}

/** Files of a sink are objects of a bucket below the sink's name: their names are not known before. */
export function allowFiles(role: Role, bucket: AnyBucket, sink: string): void {
  const objects = bucket.arnForObjects(`${sink}/*`)
  for (const statement of [allow(['s3:PutObject'], objects), ...useKeysOf([bucket])]) role.addToPolicy(statement)
  acknowledgeFiles(role, objects)
}

/** Objects of a folder are looked for and read. Listing tells a missing one from one that may not be read. */
export function allowFolder(role: Role, bucket: AnyBucket, folder: string): void {
  const objects = bucket.arnForObjects(`${folder}/*`)
  const listed = allow(['s3:ListBucket'], bucket.bucketArn)
  const reads = [allow(['s3:GetObject'], objects), ...useKeysOf([bucket])]
  for (const statement of [listed, ...reads]) role.addToPolicy(statement)
  acknowledgeFiles(role, objects)
}

/** A function in a VPC makes network interfaces there: what Lambda's own policy for it has. Their names are not known before. */
export function allowNetwork(role: Role): void {
  const actions = [
    'ec2:AssignPrivateIpAddresses',
    'ec2:CreateNetworkInterface',
    'ec2:DeleteNetworkInterface',
    'ec2:DescribeNetworkInterfaces',
    'ec2:DescribeSubnets',
    'ec2:UnassignPrivateIpAddresses',
  ]
  role.addToPolicy(allow(actions, '*'))
  acknowledgeNetwork(role)
}

/** The keys of yours that encrypt what is read or written. Those that AWS keeps for a service need no permission. */
export function useKeysOf(encrypted: readonly ({ readonly encryptionKey?: IKey } | undefined)[]): PolicyStatement[] {
  const keys = new Set(encrypted.flatMap(thing => thing?.encryptionKey ?? []))
  return [...keys].map(key => allow(['kms:Decrypt', 'kms:GenerateDataKey'], key.keyArn))
}

const allow = (actions: string[], resource: string): PolicyStatement =>
  new PolicyStatement({ actions, resources: [resource] })

const whereKeysBegin = (statement: PolicyStatement, prefixes: readonly string[]): void =>
  statement.addCondition('ForAllValues:StringLike', { 'dynamodb:LeadingKeys': prefixes.map(prefix => `${prefix}*`) })
