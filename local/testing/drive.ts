import type { Pipeline } from '../../shared/dsl/pipeline.ts'
import { ConfigurationError } from '../../shared/model/errors.ts'
import type { Sink } from '../../shared/plan/graph.ts'
import type { Plan } from '../../shared/plan/plan.ts'
import type { DriveOptions } from './drive-options.ts'
import { DriverControls } from './driver-controls.ts'
import type { Driver, StageNames } from './driver-types.ts'
import { Machine } from './machine.ts'
import { CallsReader, FilesReader, StreamReader, ViewReader } from './readers.ts'
import { SourceDriver } from './source-driver.ts'

/**
 * Runs a pipeline in a test, on a cloud of its own in memory: push records, move time, read the views. The stages run as they are
 * deployed, through commits, chunks and batches; time moves only when told, and two runs of the same calls are the same run.
 *
 * Kafka Streams' TopologyTestDriver, with reshards and crashes: `crash`, `split`, `evict` and `redeliver` must change nothing that a
 * reader of the results sees.
 *
 * Throws a ConfigurationError when a source, an output and a method of the driver would share a name, and for `sinks` of no such output.
 *
 * @example
 * const run = drive(orders)
 * await run.trades.push(trade, trade)
 * await run.trades.advanceTo('2016-03-22T20:27:00Z')
 * assert.deepEqual(run.sides.rows(), [{ key: 'B', window: { start, end }, value: 2 }])
 */
export function drive<Out, Origin>(
  pipeline: Pipeline<Out, Origin>,
  options: DriveOptions<StageNames<Origin>> = {},
): Driver<Out, Origin> {
  const { plan } = pipeline
  checkSinks(plan, Object.keys(options.sinks ?? {}))
  const machine = new Machine(plan, options)
  const controls = new DriverControls<StageNames<Origin>>(machine)
  const named: Record<string, unknown> = {}
  for (const name of namesOf(plan, controls)) named[name] = partOf(machine, name)
  return Object.assign(controls, named) as Driver<Out, Origin>
}

function checkSinks(plan: Plan, names: readonly string[]): void {
  const called = plan.graph.sinks.filter(sink => sink.kind === 'forEach').map(sink => sink.name)
  const unknown = names.find(name => !called.includes(name))
  if (unknown === undefined) return
  const expected =
    called.length === 0 ? 'there is none' : `expected one of ${called.map(name => `"${name}"`).join(', ')}`
  throw new ConfigurationError(
    `Cannot drive pipeline "${plan.name}": "${unknown}" is no output that is called, ${expected}`,
  )
}

function namesOf(plan: Plan, controls: object): readonly string[] {
  const cannot = (name: string, and: string): never => {
    throw new ConfigurationError(
      `Cannot drive pipeline "${plan.name}": "${name}" is the name of an output and of ${and}, give one of them another name`,
    )
  }
  const sources = plan.stages.flatMap(({ input }) => (input.kind === 'source' ? [input.source.name] : []))
  const outputs = plan.graph.sinks.map(sink => sink.name)
  for (const name of outputs) {
    if (sources.includes(name)) cannot(name, 'a source')
    if (name in controls) cannot(name, 'a method of the driver')
  }
  for (const name of sources) {
    if (name in controls) {
      throw new ConfigurationError(
        `Cannot drive pipeline "${plan.name}": source "${name}" has the name of a method of the driver, give it another name`,
      )
    }
  }
  return [...sources, ...outputs]
}

function partOf(machine: Machine, name: string): unknown {
  for (const { input } of machine.plan.stages) {
    if (input.kind === 'source' && input.source.name === name) return new SourceDriver(machine, input.source)
  }
  const sink = machine.plan.graph.sinks.find(other => other.name === name)
  if (sink === undefined) throw new Error(`Cannot drive "${name}": it is neither a source nor an output`)
  return readerOf(machine, sink)
}

function readerOf(machine: Machine, sink: Sink): unknown {
  switch (sink.kind) {
    case 'view':
      return new ViewReader(machine, sink.name)
    case 'stream':
      return new StreamReader(machine, sink.stream, sink.codec)
    case 'files':
      return new FilesReader(machine, sink.name, sink.format)
    case 'forEach':
      return new CallsReader(machine, sink.name)
  }
}
