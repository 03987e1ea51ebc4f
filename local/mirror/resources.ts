import { setTimeout as sleep } from 'node:timers/promises'
import {
  DeleteTableCommand,
  DescribeTableCommand,
  ScanCommand,
  waitUntilTableNotExists,
} from '@aws-sdk/client-dynamodb'
import { DeleteStreamCommand, DescribeStreamSummaryCommand } from '@aws-sdk/client-kinesis'
import { waitingMs } from '../../shared/aws/admin.ts'
import { type AwsClients, type AwsSettings, awsPorts, createStream, createTable } from '../../shared/aws/index.ts'
import type { Plan } from '../../shared/plan/plan.ts'
import { resourcesOf } from '../../shared/plan/resources.ts'

const host = { now: Date.now, random: Math.random, sleep: async (ms: number) => void (await sleep(ms)) }

/** Creates the pipeline's table and streams where they are missing. What is there stays as it is, whatever its shards. */
export async function createResources(
  clients: AwsClients,
  settings: AwsSettings,
  plan: Plan,
  shards: (stream: string) => number,
): Promise<void> {
  await createTable(clients, settings)
  // One by one: LocalStack is slower at several.
  for (const { name } of resourcesOf(plan).streams)
    await createStream(clients, physicalName(settings, name), shards(name))
}

/** Deletes the pipeline's table and streams with all that they hold, and resolves when they are gone. */
export async function deleteResources(clients: AwsClients, settings: AwsSettings, plan: Plan): Promise<void> {
  const { dynamo, kinesis } = clients
  await unlessMissing(dynamo.send(new DeleteTableCommand({ TableName: settings.table })))
  for (const { name } of resourcesOf(plan).streams) {
    const StreamName = physicalName(settings, name)
    await unlessMissing(kinesis.send(new DeleteStreamCommand({ StreamName, EnforceConsumerDeletion: true })))
    while (await unlessMissing(kinesis.send(new DescribeStreamSummaryCommand({ StreamName })))) await sleep(100)
  }
  await waitUntilTableNotExists({ client: dynamo, maxWaitTime: 60, minDelay: 1 }, { TableName: settings.table })
}

/** What an earlier run has left, in words, or undefined: an item in the table, or a record in a stream that a stage reads. */
export async function leftovers(clients: AwsClients, settings: AwsSettings, plan: Plan): Promise<string | undefined> {
  const { dynamo, kinesis } = clients
  const { table } = settings
  if (await unlessMissing(dynamo.send(new DescribeTableCommand({ TableName: table })))) {
    const { Items = [] } = await dynamo.send(new ScanCommand({ TableName: table, Limit: 1, ConsistentRead: true }))
    if (Items.length > 0) return `table "${table}" holds state already`
  }
  const ports = awsPorts(settings, clients, host)
  for (const { name } of resourcesOf(plan).streams) {
    const StreamName = physicalName(settings, name)
    if (!(await unlessMissing(kinesis.send(new DescribeStreamSummaryCommand({ StreamName }))))) continue
    for (const { id } of await ports.streams.listShards(name)) {
      // Undefined: a stream that holds so much that its end is far away.
      if (
        (await waitingMs(clients, { ...host, now: () => Number.MAX_SAFE_INTEGER }, StreamName, id, undefined)) !== 0
      ) {
        return `stream "${StreamName}" holds records already`
      }
    }
  }
  return undefined
}

const physicalName = (settings: AwsSettings, stream: string): string => settings.streams?.[stream] ?? stream

/** The answer, or undefined where what was asked about is not there. */
async function unlessMissing<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer
  } catch (error) {
    if (error instanceof Error && error.name === 'ResourceNotFoundException') return undefined
    throw error
  }
}
