import { Stack, Validations } from 'aws-cdk-lib'
import type { IConstruct } from 'constructs'

// Where cdk-nag's rules for AWS Solutions are not followed, and why.

/** X-Ray knows no resources: its two actions are granted on all or not at all. */
export const acknowledgeTracing = (role: IConstruct): void =>
  acknowledge(
    role,
    '*',
    'X-Ray has no resources to name: it grants PutTraceSegments and PutTelemetryRecords on all or none',
  )

/** The CDK's event source lets a function list all streams of tables: the action knows no resources. */
export const acknowledgeTableStreams = (role: IConstruct): void =>
  acknowledge(role, '*', 'ListStreams of DynamoDB has no resources to name: it is granted on all or none')

/** Lambda makes interfaces, whose names it gives. */
export const acknowledgeNetwork = (role: IConstruct): void =>
  acknowledge(
    role,
    '*',
    'Network interfaces of a function in a VPC are made and removed by Lambda under names of its own',
  )

/** Files are objects below the name of a sink or a folder. */
export const acknowledgeFiles = (role: IConstruct, objectsArn: string): void =>
  acknowledge(
    role,
    asText(Stack.of(role).resolve(objectsArn)),
    'Files are named by those who write them, not before they are there',
  )

const acknowledge = (role: IConstruct, resource: string, reason: string): void =>
  Validations.of(role).acknowledge({ id: `AwsSolutions-IAM5[Resource::${resource}]`, reason })

/** An ARN as cdk-nag names it: what the deployment fills in is in angle brackets. */
function asText(arn: unknown): string {
  if (typeof arn !== 'object' || arn === null) return String(arn)
  if ('Ref' in arn) return `<${arn.Ref}>`
  if ('Fn::GetAtt' in arn && Array.isArray(arn['Fn::GetAtt'])) return `<${arn['Fn::GetAtt'].join('.')}>`
  if ('Fn::Join' in arn && Array.isArray(arn['Fn::Join'])) {
    const [between, parts]: unknown[] = arn['Fn::Join']
    return Array.isArray(parts) ? parts.map(asText).join(String(between)) : ''
  }
  return ''
}
