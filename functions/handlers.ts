import assert from 'node:assert/strict'
import middy from '@middy/core'
import type { Context, KinesisStreamBatchResponse, KinesisStreamEvent } from 'aws-lambda'
import { putFeed } from '#feeds'
import { readFolder } from '#folder-events'
import { eachPartition } from '#kafka-events'
import type { Pipeline } from '../shared/dsl/pipeline.ts'
import type { Stage } from '../shared/plan/plan.ts'
import { feedOf, folderSourceOf, topicOf } from '../shared/plan/resources.ts'
import type { InvocationReport } from '../shared/ports/host.ts'
import type { Ports } from '../shared/ports/index.ts'
import type { Batch, BatchResponse } from '../shared/runtime/batch.ts'
import { Environment } from '../shared/runtime/environment.ts'
import { type Invoked, invoke, invokeBatch } from '../shared/runtime/invocation.ts'
import { hosted, hostOf } from './hosted.ts'
import { observed } from './observed.ts'
import type { StageEvent } from './stage-event.ts'

/**
 * A Lambda handler of one stage, for an event source mapping: of Kinesis with `ReportBatchItemFailures`, or of Amazon MSK or another Kafka,
 * whose events are retried as a whole. Where the source reads files, any other event has it look for new ones. Where it has a feed, a queue
 * of SQS with `ReportBatchItemFailures` or the stream of a DynamoDB table, it is handed the feed's records too, and puts them on its stream.
 */
export type StageHandler = (event: StageEvent, context: Context) => Promise<KinesisStreamBatchResponse>

/**
 * One Lambda handler per stage, typed by the stages' names. The same handlers run in a unit test, on the embedded cloud and on AWS: the
 * invocation's context says on which, and where it says nothing it is AWS, by the environment variables MILLRACE_TABLE, MILLRACE_STREAMS
 * and MILLRACE_BUCKET that a deployment sets.
 *
 * A handler answers with at most one failed item, the first record that was not dealt with, and throws when there is none to
 * acknowledge; either way the platform hands the rest over again and results stay exact. A StopDeploymentError means that retrying
 * cannot help until a person acts.
 *
 * @example
 * export const { lines, word } = handlers(words)
 */
export function handlers<Out, Origin>(
  pipeline: Pipeline<Out, Origin>,
): { readonly [Name in keyof Origin & string]: StageHandler } {
  const byStage = pipeline.plan.stages.map(stage => [stage.name, handlerOf(pipeline, stage)])
  return Object.freeze(Object.fromEntries(byStage))
}

function handlerOf(pipeline: Pipeline<unknown, unknown>, stage: Stage): StageHandler {
  // A warm environment of Lambda is a process; of a test, the pair of this handler and a cloud.
  const environments = new WeakMap<Ports, Environment>()
  const run = async (event: StageEvent, context: Context): Promise<KinesisStreamBatchResponse> => {
    const host = hostOf(context)
    assert(host !== undefined, 'hosted() has run before')
    const environment = environments.get(host.ports) ?? new Environment(pipeline.plan, stage, host.ports)
    environments.set(host.ports, environment)
    const remainingMs = () => context.getRemainingTimeInMillis()
    const onFailure = (done: InvocationReport): void => host.failed?.(done)
    const heard = async (invoked: Promise<Invoked>): Promise<BatchResponse> => {
      const { response, report } = await invoked
      host.report(report)
      return response
    }
    const runBatch = (batch: Batch) => heard(invokeBatch(environment, batch, remainingMs, onFailure))
    const topic = topicOf(stage.input)
    if (topic !== undefined && 'records' in event) {
      await eachPartition(event, stage.name, topic, runBatch)
      return { batchItemFailures: [] }
    }
    const feed = feedOf(stage.input)
    if (feed !== undefined && !isOfKinesis(event)) {
      const failed = await putFeed(environment, feed, event, host)
      return { batchItemFailures: failed.map(itemIdentifier => ({ itemIdentifier })) }
    }
    const source = folderSourceOf(stage.input)
    if (source !== undefined && !isOfKinesis(event)) {
      await readFolder(environment, source, runBatch, remainingMs)
      return { batchItemFailures: [] }
    }
    const { batchItemFailures } = await heard(invoke(environment, kinesisEventOf(event), remainingMs, onFailure))
    return { batchItemFailures: [...batchItemFailures] }
  }
  return middy(run).use(hosted(stage.name)).use(observed(pipeline.name, stage.name))
}

const isOfKinesis = (event: StageEvent): event is KinesisStreamEvent =>
  'Records' in event && event.Records.length > 0 && 'kinesis' in event.Records[0]

/** Any other is none that the stage reads, and is refused as such. */
const kinesisEventOf = (event: StageEvent): KinesisStreamEvent => (isOfKinesis(event) ? event : { Records: [] })
