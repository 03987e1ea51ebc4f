import { checkers } from '../../../local/simulator/checkers/index.ts'
import type { Climate } from '../../../local/simulator/climate.ts'
import type { Checker } from '../../../local/simulator/observation.ts'
import { Random } from '../../../local/simulator/random.ts'
import { sameAsBatch } from '../../../local/simulator/same-as-batch.ts'
import { generatedPipeline } from '../../../local/simulator/workload/generated-pipeline.ts'
import type { Family } from '../../../local/simulator/workload/grown-operators.ts'
import { Unsteadiness } from '../../../local/simulator/workload/unsteadiness.ts'
import { type Workload, workloadOf } from '../../../local/simulator/workload/workload.ts'
import { hopping, json, milliseconds, pipeline } from '../../../shared/index.ts'
import type { TrialName } from './mutation.ts'

/** A pipeline with its input, and who watches. */
export type Trial = {
  readonly workload: Workload
  readonly checkers: readonly Checker[]
  readonly climate?: (drawn: Climate) => Climate
}

export const trialOf: { readonly [Name in TrialName]: (seed: number) => Trial } = {
  generated: seed => ({ workload: generatedPipeline(seed), checkers: [sameAsBatch, ...checkers] }),
  joins: seed => ({ workload: manyOf('joins', seed), checkers: [sameAsBatch, ...checkers] }),
  tables: seed => ({ workload: manyOf('tables', seed), checkers: [sameAsBatch, ...checkers] }),
  functions: seed => ({ workload: manyOf('functions', seed), checkers: [sameAsBatch, ...checkers] }),
  windows: seed => ({ workload: manyOf('windows', seed), checkers: [sameAsBatch, ...checkers] }),
  retrying: seed => ({ workload: retrying(seed), checkers: [sameAsBatch, ...checkers] }),
  torn: seed => ({ workload: generatedPipeline(seed), checkers: [sameAsBatch, ...checkers], climate: tears }),
  resharding: seed => ({
    workload: generatedPipeline(seed),
    checkers: [sameAsBatch, ...checkers],
    climate: backlogs,
  }),
  ordered: seed => ({ workload: ordered(seed), checkers: [noDeadLetters, ...checkers] }),
}

const manyOf = (family: Family, seed: number): Workload => generatedPipeline(seed, new Unsteadiness(), { family })

/** Queries see some of what is written meanwhile, by writers that commit several times in a row. */
const tears = (drawn: Climate): Climate => ({
  ...drawn,
  rates: { ...drawn.rates, torn: 0.5, zombie: 0.1, redelivered: 0.1 },
  unitsPerCommit: 10,
})

/** Shards are closed with many records that nobody has read. */
const backlogs = (drawn: Climate): Climate => ({
  ...drawn,
  rates: { ...drawn.rates, resharded: 0.02 },
  paces: { ...drawn.paces, push: 1, start: 0.1 },
  shards: () => 3,
})

const records = 200

type Reading = { readonly at: number; readonly of: string; readonly number: number; readonly failures: number }

const readings = (name: string, onError: 'fail' | 'deadLetter') =>
  [
    name,
    { codec: json<Reading>(), eventTime: (value: Reading) => value.at, outOfOrder: milliseconds(30), onError },
  ] as const

/** A function fails a few times on some records, then no more, and the policy is to try again. */
function retrying(seed: number): Workload {
  const failures = new Map<number, number>()
  const try_ = (value: Reading): Reading => {
    const before = failures.get(value.number) ?? 0
    failures.set(value.number, before + 1)
    if (before < value.failures) throw new Error(`${value.number} fails for the ${before + 1}th time`)
    return value
  }
  const built = pipeline(
    'retrying',
    ({ source }) => {
      const kept = source(...readings('left', 'fail')).map(try_)
      const sums = kept.keyBy('of').sum('sums', value => value.number)
      const windows = kept
        .keyBy('of')
        .window(hopping(milliseconds(100), milliseconds(50)))
        .count('windows')
      return { sums, windows }
    },
    { keyGroups: 4 },
  )
  return workloadOf(
    built,
    { left: linesOf(seed, true) },
    { random: new Random(seed), count: records, partitionKeys: 5 },
  )
}

/** A function that throws where state is not what the records before it have made of it: on no state that was ever committed. */
function ordered(seed: number): Workload {
  const built = pipeline(
    'ordered',
    ({ source }) => {
      const last = source(...readings('left', 'deadLetter'))
        .keyBy('of')
        .reduce('last', (before, value) => {
          if (value.number !== before.number + 1) throw new Error(`${value.number} comes after ${before.number}`)
          return value
        })
      return { last }
    },
    { keyGroups: 4 },
  )
  const workload = workloadOf(built, { left: linesOf(seed, false) }, { random: new Random(seed), count: records })
  const inputs = workload.inputs.left.map(record => {
    const { of }: Reading = JSON.parse(Buffer.from(record.data).toString())
    return { ...record, partitionKey: of }
  })
  return { ...workload, inputs: { left: inputs } }
}

function linesOf(seed: number, isFlaky: boolean): string[] {
  const random = new Random(seed).fork('readings')
  const numbers = new Map<string, number>()
  return Array.from({ length: records }, (_, i) => {
    const of = `k${random.below(5)}`
    const number = isFlaky ? i : (numbers.get(of) ?? 0) + 1
    numbers.set(of, number)
    const failures = isFlaky && random.chance(0.05) ? 1 + random.below(3) : 0
    return JSON.stringify({ at: 1_000 + i * 5 - random.below(31), of, number, failures } satisfies Reading)
  })
}

/** Checks that no record was refused. */
const noDeadLetters: Checker = {
  name: 'no dead letters',
  watch: run => ({
    atEnd: () =>
      run.cloud.deadLetters
        .letters(run.plan.name)
        .map(({ place, reason }) => `a record was refused at ${place}: ${reason}`),
  }),
}
