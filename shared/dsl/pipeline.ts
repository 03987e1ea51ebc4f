import { ConfigurationError } from '../model/errors.ts'
import { limits } from '../model/limits.ts'
import { planOf } from '../plan/cut.ts'
import type { Sink } from '../plan/graph.ts'
import type { Plan } from '../plan/plan.ts'
import type { FromSource, FromStage, Merged, Origins } from './origin.ts'
import { SinkBuilder } from './sink.ts'
import { onceStream, type SourceOptions, sourceStream, type ValueSourceOptions } from './source.ts'
import { Results, type Stream } from './stream.ts'

/** What `pipeline` may be told beside its name and its making. */
export type PipelineOptions = {
  /** Key groups of each keyed stage: state is owned and moved by them. 1 to 1,024, default 32; fixed once there is state. */
  readonly keyGroups?: number
}

/** What the function that describes a pipeline is given. */
export type PipelineScope = {
  /** Records of files of a format, or rows that count, each value one; the name is the stage's and the Lambda handler's. */
  source<Name extends string, T>(name: Name, options: ValueSourceOptions<T>): Stream<T, FromSource<Name, T>>
  /** Records of a Kinesis stream, or of what `from` says; the name is the stream's, the stage's and the Lambda handler's. */
  source<Name extends string, T>(name: Name, options: SourceOptions<T>): Stream<T, FromSource<Name, T>>
  /**
   * Records of a stream that another pipeline writes with `toStream`: what it put twice is dropped, by position and without time limit,
   * in a keyed stage `NAME-once` of its own. A record that no pipeline wrote is malformed.
   */
  pipelineSource<Name extends string, T>(
    name: Name,
    options: SourceOptions<T>,
  ): Stream<T, FromSource<Name, T> & FromStage<`${Name}-once`>>
}

/** Results become views, sinks are where else data goes, under the names they are returned by. */
export type Outputs = { readonly [name: string]: Results<unknown, Origins, unknown> | SinkBuilder<Origins> }

type OriginsOf<Out> = Merged<
  { [Name in keyof Out]: Out[Name] extends { readonly origin: infer Origin } ? Origin : never }[keyof Out]
>

/** A program, checked and cut into stages. Building it does nothing else; `handlers`, `drive` and the command line run it. */
export type Pipeline<Out = Outputs, Origin = Origins> = {
  readonly name: string
  readonly plan: Plan
  /** Types only. */
  readonly types?: { readonly outputs: Out; readonly origins: Origin }
}

/**
 * Describes a pipeline. What types cannot refuse is refused here with a ConfigurationError that names the place: two operators of
 * one name, a stage that would feed itself, numbers out of range.
 *
 * @example
 * const words = pipeline('words', ({ source }) => {
 *   const lines = source('lines', { codec: utf8 })
 *   const counts = lines.flatMap(line => line.split(' ')).keyBy('word', word => word).count('words-so-far')
 *   return { counts }
 * })
 */
export function pipeline<Out extends Outputs>(
  name: string,
  describe: (scope: PipelineScope) => Out,
  options: PipelineOptions = {},
): Pipeline<Out, OriginsOf<Out>> {
  const outputs = describe({ source: sourceStream, pipelineSource: onceStream })
  const sinks = Object.entries(outputs ?? {}).map(([output, kept]) => sinkOf(name, output, kept))
  return Object.freeze({ name, plan: planOf({ name, keyGroups: options.keyGroups ?? limits.keyGroups, sinks }) })
}

function sinkOf(pipelineName: string, output: string, kept: unknown): Sink {
  if (kept instanceof SinkBuilder) return kept.named(output)
  if (kept instanceof Results) return Object.freeze({ kind: 'view', name: output, input: Results.rowsOf(kept) })
  throw new ConfigurationError(
    `Cannot build pipeline "${pipelineName}": output "${output}" is neither results nor a sink, expected an aggregate or one of toStream, toFiles, forEach`,
  )
}
