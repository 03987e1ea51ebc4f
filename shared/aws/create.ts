import {
  CreateTableCommand,
  DescribeTimeToLiveCommand,
  UpdateTimeToLiveCommand,
  waitUntilTableExists,
} from '@aws-sdk/client-dynamodb'
import { CreateStreamCommand, waitUntilStreamExists } from '@aws-sdk/client-kinesis'
import { callService, nameOf } from './calls.ts'
import type { AwsClients } from './clients.ts'
import type { AwsSettings } from './settings.ts'
import { tableKeys } from './table-keys.ts'

/** Seconds: how long a new table or stream may take, and between two looks. */
const wait = { maxWaitTime: 180, minDelay: 1, maxDelay: 5 }

/**
 * Creates the table unless it is there, for local runs and tests: on-demand, with its time to live. Resolves when it can be used.
 * Idempotent, also when several do it at the same time.
 */
export async function createTable({ dynamo }: AwsClients, { table }: AwsSettings): Promise<void> {
  const create = new CreateTableCommand({
    TableName: table,
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: [
      { AttributeName: tableKeys.partition, AttributeType: 'S' },
      { AttributeName: tableKeys.sort, AttributeType: 'S' },
    ],
    KeySchema: [
      { AttributeName: tableKeys.partition, KeyType: 'HASH' },
      { AttributeName: tableKeys.sort, KeyType: 'RANGE' },
    ],
  })
  await called(`create table "${table}"`, `table "${table}"`, async () => {
    await unlessThere(dynamo.send(create))
    await waitUntilTableExists({ client: dynamo, ...wait }, { TableName: table })
    await letItemsExpire(dynamo, table)
  })
}

/**
 * Creates the stream, by its name on AWS, unless it is there, which then keeps its shards, however many. Resolves when it can be used.
 * Idempotent, also when several do it at the same time.
 */
export async function createStream({ kinesis }: AwsClients, name: string, shards: number): Promise<void> {
  const create = new CreateStreamCommand({
    StreamName: name,
    ShardCount: shards,
    StreamModeDetails: { StreamMode: 'PROVISIONED' },
  })
  await called(`create stream "${name}"`, `Kinesis stream "${name}"`, async () => {
    await unlessThere(kinesis.send(create))
    await waitUntilStreamExists({ client: kinesis, ...wait }, { StreamName: name })
  })
}

/** Where the service knows no time to live, as some emulators, items stay: nothing but space depends on it. */
async function letItemsExpire(dynamo: AwsClients['dynamo'], table: string): Promise<void> {
  const { TimeToLiveDescription } = await dynamo.send(new DescribeTimeToLiveCommand({ TableName: table }))
  if (TimeToLiveDescription?.TimeToLiveStatus?.startsWith('ENABL')) return
  const update = new UpdateTimeToLiveCommand({
    TableName: table,
    TimeToLiveSpecification: { Enabled: true, AttributeName: tableKeys.expires },
  })
  // Another who creates the table may have been first.
  await unless(dynamo.send(update), ['UnknownOperationException', 'ValidationException'])
}

const unlessThere = (created: Promise<unknown>): Promise<unknown> => unless(created, ['ResourceInUseException'])

async function unless(call: Promise<unknown>, names: readonly string[]): Promise<unknown> {
  return call.catch((error: unknown) => {
    if (!names.includes(nameOf(error))) throw error
  })
}

const unlimited = { now: () => 0, random: () => 0, sleep: async () => {} }

const called = (doing: string, resource: string, call: () => Promise<void>): Promise<void> =>
  callService(unlimited, doing, resource, call)
