import type { Plan } from '../../../shared/plan/plan.ts'
import { Evaluation } from './evaluation.ts'
import type { Expected, OracleInput, SourceCounts } from './expected.ts'
import { evaluateKeyed } from './keyed-edge.ts'
import { type AskedKeys, evaluateLookups } from './lookups.ts'
import { evaluateOperators } from './operators/index.ts'
import { outputOf } from './output.ts'
import { evaluateSource } from './source.ts'
import { evaluateTop } from './top.ts'

export type EvaluateOptions = {
  /**
   * Whether shards may be silent for longer than their source's `idleAfter`: then every record may be late. A source without `idleAfter`
   * has no idle shards. @default true
   */
  readonly mayIdle?: boolean
  /** What the lookups were answered in the run. Left out, nothing is expected of stages that have lookups. */
  readonly asked?: AskedKeys
}

/**
 * What a pipeline must come to over a whole input that ends: a batch evaluation from the definitions of the operators. It calls the
 * user's functions and codecs and shares nothing else with the engine: no operators, state, time or windows. It reads the plan's
 * stages, as they say what is one unit of work, of which all stands or nothing.
 *
 * What the input does not determine is marked, never guessed:
 *
 * - how often a row under `updates`, `complete` or `every` goes out depends on how commits are cut: a stream of such rows must hold the
 *   newest state of each and may hold others; what an operator other than a top makes of them is unchecked
 * - `distinct` by key lets one value of each key through, and which one is open where they differ
 * - of late records it is known which expire where one source of one shard feeds the operator without a stage between; otherwise
 *   windows that a late record may belong to are left open
 * - of a lookup whose key has several answers in a run, or failed calls that may have been repeated, the whole stage is left open
 * - results of a fold that differ with the order of its records are left open
 * - joins, tables, process functions and their like (see operators/): all of it where a record is late, and what depends on the order
 *   in which records of different producers come
 *
 * Taken for granted, and not checked: a function that sees rows under `updates` throws on none of their earlier states, and a fold
 * of the user's that throws does so by the value that is added.
 */
export function evaluate(plan: Plan, input: OracleInput, { mayIdle = true, asked }: EvaluateOptions = {}): Expected {
  const evaluation = new Evaluation(plan)
  const sources = new Map<string, SourceCounts>()
  let stops: string | undefined
  for (const stage of plan.stages) {
    evaluateLookups(evaluation, stage, asked)
    if (stage.input.kind === 'source') {
      const told = evaluateSource(evaluation, stage.input.source, input[stage.name], mayIdle)
      sources.set(stage.name, told.counts)
      stops ??= told.stops
      continue
    }
    for (const edge of stage.input.edges) {
      if (edge.from.kind === 'top') evaluateTop(evaluation, stage, edge.from)
      else if (edge.from.kind === 'keyBy') evaluateKeyed(evaluation, stage, edge, edge.from)
    }
    evaluateOperators(evaluation, stage)
    const failed = evaluation.failed.get(stage.name)
    if (stage.onError === 'fail' && failed !== undefined && failed.most > 0) {
      stops ??= `a function of stage "${stage.name}" throws, and its policy is "fail"`
    }
  }
  return {
    ...(stops !== undefined && { stops }),
    outputs: new Map(plan.graph.sinks.map(sink => [sink.name, outputOf(evaluation, sink, stops)])),
    sources,
    stages: new Map([...evaluation.failed].map(([name, failed]) => [name, { failed }])),
    operators: evaluation.operators,
  }
}
