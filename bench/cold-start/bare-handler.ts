import { Logger } from '@aws-lambda-powertools/logger'
import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics'
import { DynamoDBClient, PutItemCommand, QueryCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb'
import { KinesisClient, ListShardsCommand, PutRecordsCommand } from '@aws-sdk/client-kinesis'
import middy from '@middy/core'
import { NodeHttpHandler } from '@smithy/node-http-handler'
import type { Context, KinesisStreamBatchResponse, KinesisStreamEvent } from 'aws-lambda'

/**
 * The yardstick of a cold start: what anyone would write for a stage without Millrace. The same clients with the same kind of commands, the
 * same middleware, logger and metrics, and no logic: it sends each record on, in as many calls as the stage it is measured beside.
 */
const logger = new Logger({ serviceName: 'bare' })
const metrics = new Metrics({ namespace: 'Bare', serviceName: 'bare', defaultDimensions: { stage: 'bare' } })
const kinesis = new KinesisClient({ requestHandler: new NodeHttpHandler() })
const dynamo = new DynamoDBClient({ requestHandler: new NodeHttpHandler() })

export const trades = middy(
  async (event: KinesisStreamEvent, _context: Context): Promise<KinesisStreamBatchResponse> => {
    const { Shards = [] } = await kinesis.send(new ListShardsCommand({ StreamName: 'trades' }))
    const Records = event.Records.map(({ kinesis: { data, partitionKey } }) => ({
      Data: Buffer.from(data, 'base64'),
      PartitionKey: partitionKey,
    }))
    const streams = ['orders-side', 'orders-clientId', 'orders-symbol']
    await Promise.all(streams.map(StreamName => kinesis.send(new PutRecordsCommand({ StreamName, Records }))))
    metrics.addMetric('Shards', MetricUnit.Count, Shards.length)
    metrics.publishStoredMetrics()
    logger.debug('done')
    return { batchItemFailures: [] }
  },
)

/** Never called here: it keeps what a stage with state uses of the client in the bundle. */
export async function count(TableName: string, pk: string): Promise<void> {
  const Key = { pk: { S: pk }, sk: { S: pk } }
  await dynamo.send(new QueryCommand({ TableName, KeyConditionExpression: 'pk = :pk' }))
  await dynamo.send(new UpdateItemCommand({ TableName, Key, UpdateExpression: 'ADD n :one' }))
  await dynamo.send(new PutItemCommand({ TableName, Item: Key, ConditionExpression: 'attribute_not_exists(pk)' }))
}
