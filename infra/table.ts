import { RemovalPolicy } from 'aws-cdk-lib'
import { AttributeType, BillingMode, type ITable, Table, TableEncryption } from 'aws-cdk-lib/aws-dynamodb'
import type { Construct } from 'constructs'
import { tableKeys } from '../shared/aws/table-keys.ts'
import type { PipelineProps } from './props.ts'

/** A table made here or elsewhere: the CDK's own type of tables leaves no room for `undefined` where they have it. */
export type AnyTable = ITable | Table

/** What of a deployment its table depends on. */
export type TableProps = Pick<PipelineProps, 'table' | 'removalPolicy' | 'encryptionKey' | 'deletionProtection'>

/** The one table: state and progress, views, dead letters. Paid by what is written; can be set back to any second of 35 days. */
export function stateTable(scope: Construct, tableName: string, props: TableProps): AnyTable {
  if (props.table !== undefined) return props.table
  const { removalPolicy = RemovalPolicy.RETAIN, encryptionKey } = props
  return new Table(scope, 'Table', {
    tableName,
    partitionKey: { name: tableKeys.partition, type: AttributeType.STRING },
    sortKey: { name: tableKeys.sort, type: AttributeType.STRING },
    timeToLiveAttribute: tableKeys.expires,
    billingMode: BillingMode.PAY_PER_REQUEST,
    pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
    ...(encryptionKey === undefined
      ? { encryption: TableEncryption.AWS_MANAGED }
      : { encryption: TableEncryption.CUSTOMER_MANAGED, encryptionKey }),
    deletionProtection: props.deletionProtection ?? removalPolicy !== RemovalPolicy.DESTROY,
    removalPolicy,
  })
}
