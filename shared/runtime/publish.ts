import type { Outbox } from '../emit/outbox.ts'
import { publishChunks, putInOrder } from '../emit/publisher.ts'
import { describeThrown, RetryBatchError } from '../model/errors.ts'
import { producerOf } from '../model/ids.ts'
import type { InvocationReport } from '../ports/host.ts'
import type { Environment } from './environment.ts'
import type { ShardState } from './shard-state.ts'

/**
 * Sends out what the newest version put out. Every part can be repeated: receivers drop by position, rows and letters by condition,
 * files by name, and `forEach` gets the same batch under the same id.
 */
export async function publish(environment: Environment, state: ShardState, report: InvocationReport): Promise<void> {
  const outbox = state.unpublished
  if (outbox === undefined) return
  const { ports, plan, stage } = environment
  const begunMs = ports.clock.now()
  const producer = producerOf(stage.name, state.shard)
  await Promise.all([
    publishChunks(ports, producer, outbox.chunks),
    publishRows(environment, outbox, report),
    ...outbox.streams.map(({ stream, records }) => putInOrder(ports, stream, records)),
    ...outbox.files.map(({ sink, extension, bytes }) =>
      ports.files.write(sink, `${producer}/${state.head.version}.${extension}`, bytes),
    ),
  ])
  if (outbox.letters.length > 0) await ports.deadLetters.put(plan.name, outbox.letters)
  for (const call of outbox.calls)
    await callUser(environment, call.sink, call.values, `${producer}/${state.head.version}`)
  state.unpublished = undefined
  for (const { records } of outbox.streams) report.sinkRecords += records.length
  for (const { values } of outbox.calls) report.sinkRecords += values.length
  report.publishMs += ports.clock.now() - begunMs
}

async function publishRows(environment: Environment, outbox: Outbox, report: InvocationReport): Promise<void> {
  for (const { view, rows } of outbox.views) {
    await environment.ports.views.put(`${environment.plan.name}/${view}`, rows)
    report.viewRows += rows.length
  }
}

/** A sink that the program no longer has gets nothing: its name is the promise. */
async function callUser(environment: Environment, name: string, values: readonly unknown[], id: string): Promise<void> {
  const sink = environment.stage.sinks.find(other => other.name === name)
  if (sink?.kind !== 'forEach') return
  try {
    await sink.fn(values, id)
  } catch (thrown) {
    throw new RetryBatchError(`Cannot run sink "${name}" on batch ${id}: ${describeThrown(thrown)}`, { cause: thrown })
  }
}
