import { json } from '../../../shared/codecs/json.ts'
import type { Origins } from '../../../shared/dsl/origin.ts'
import { type Outputs, type Pipeline, pipeline } from '../../../shared/dsl/pipeline.ts'
import { sqs } from '../../../shared/dsl/sqs.ts'
import type { Stream } from '../../../shared/dsl/stream.ts'
import { days, milliseconds } from '../../../shared/model/duration.ts'
import { Random } from '../random.ts'
import type { Fact } from './fact.ts'
import { factsOf } from './facts.ts'
import type { Moods } from './grown-aggregate.ts'
import type { Family } from './grown-operators.ts'
import { PipelineGrowth } from './pipeline-growth.ts'
import { aggregated, fed, habitsOf, type ProducerHabits, repeated, silenced } from './producer-habits.ts'
import { Unsteadiness } from './unsteadiness.ts'
import type { Disorder, Workload, WorkloadRecord } from './workload.ts'

export type GeneratedWorkload = Workload & {
  readonly seed: number
  /** Some records are malformed. */
  readonly isMalformed: boolean
  /** On some records a function throws. */
  readonly isUnlucky: boolean
  /** Sources are put on their streams by the feed of a queue, which repeats some. */
  readonly isFed: boolean
  readonly habits: ProducerHabits
  readonly unsteadiness: Unsteadiness
}

export type GenerateOptions = {
  /** Many operators of these, and little else: no function throws for good there. @default a few of any */
  readonly family?: Family
}

/** No run takes as long by arrival times: three leaps of less than two days, and less than a day between them. */
const rememberedIds = days(10)

/** Records of a workload, over all its sources. */
const meanRecords = 500

/**
 * A random pipeline of all operators that there are, and records for it. The same seed gives the same one, for good: a part that is
 * added draws from numbers of its own, by `fork`. Functions ask `unsteadiness` whether to throw: built anew, the pipeline takes the same.
 *
 * Most have 2 to 4 stages. Functions that throw are put only where rows do not change: what becomes of a state that went by in the
 * middle of a commit depends on the run.
 */
export function generatedPipeline(
  seed: number,
  unsteadiness = new Unsteadiness(),
  { family }: GenerateOptions = {},
): GeneratedWorkload {
  const random = new Random(seed)
  const traits = random.fork('traits')
  const isUnlucky = traits.chance(0.25) && family === undefined
  const isMalformed = traits.chance(0.3)
  const disorder: Disorder = traits.chance(0.25) ? 'beyond' : 'within'
  const sources = traits.chance(disorder === 'beyond' ? 0.2 : 0.4) ? ['left', 'right'] : ['left']
  const bounds = new Map(sources.map(name => [name, traits.pick([0, 1, 10, 50, 80])]))
  const feed = random.fork('feed')
  const isFed = feed.chance(0.1) && !isUnlucky && family === undefined
  const text: string[] = []
  const habits = habitsOf(random.fork('habits'))
  const built = build(random, sources, bounds, { isUnlucky, unsteadiness, family, idleMs: habits.idleMs, isFed }, text)
  const inputs: Record<string, WorkloadRecord[]> = {}
  // A source from which nothing comes to an output is not part of the plan.
  const read = sources.filter(name => built.plan.stages.some(stage => stage.name === name))
  for (const name of read) {
    const records = random.fork(`records of ${name}`)
    const most = Math.floor((2 * meanRecords) / read.length)
    const outOfOrderMs = bounds.get(name) ?? 0
    const isLate = disorder === 'beyond'
    const facts = factsOf(records, { count: records.below(most), outOfOrderMs, isLate, isMalformed, isUnlucky })
    const heard = silenced(random.fork(`silence of ${name}`), facts, habits.idleMs)
    const together = isFed ? fed(heard) : aggregated(random.fork(`aggregates of ${name}`), heard, habits)
    const mostBehindMs = isLate ? Number.POSITIVE_INFINITY : outOfOrderMs
    const share = isFed ? Math.max(0.1, habits.repeated) : habits.repeated
    const put = repeated(random.fork(`repeats of ${name}`), together, share, mostBehindMs)
    inputs[name] = put.map(({ record }) => record)
  }
  const counts = read.map(name => `${inputs[name].length} records of "${name}", ${bounds.get(name)} ms out of order`)
  const describe = (): string =>
    [`seed ${seed}: ${counts.join('; ')}; disorder ${disorder}${isFed ? '; fed' : ''}`, textOf(habits), ...text].join(
      '\n',
    )
  const fallsSilent = habits.idleMs > 0
  return {
    seed,
    pipeline: built,
    fallsSilent,
    inputs,
    disorder,
    isMalformed,
    isUnlucky,
    isFed,
    habits,
    unsteadiness,
    describe,
  }
}

type Traits = { readonly family: Family | undefined; readonly idleMs: number; readonly isFed: boolean }

function build(
  random: Random,
  sources: readonly string[],
  bounds: ReadonlyMap<string, number>,
  { family, idleMs, isFed, ...moods }: Moods & Traits,
  text: string[],
): Pipeline<unknown, unknown> {
  const shape = random.fork('shape')
  const keyGroups = shape.between(2, 8)
  text.push(`${keyGroups} key groups`)
  const grow = (open: (name: string) => Stream<Fact, Origins>): Outputs => {
    const growth = new PipelineGrowth(shape, moods, text)
    for (const name of sources) growth.plant(name, open(name))
    const operators = random.fork('operators')
    if (family !== undefined) return growth.growFamily(family, operators)
    return growth.grow(shape.between(3, 8), operators, random.fork('lookups'))
  }
  return pipeline(
    'generated',
    ({ source }) =>
      grow(name => {
        const policy = shape.pick(['deadLetter', 'skip'] as const)
        const outOfOrder = milliseconds(bounds.get(name) ?? 0)
        const options = {
          codec: json<Fact>(),
          eventTime: (fact: Fact) => fact.at,
          outOfOrder,
          ...(idleMs > 0 && { idleAfter: milliseconds(idleMs) }),
          onMalformed: policy,
          onError: policy,
        }
        return isFed ? source(name, { ...options, from: sqs({ remember: rememberedIds }) }) : source(name, options)
      }),
    { keyGroups },
  )
}

const textOf = ({ aggregated, mixesKeys, repeated, idleMs }: ProducerHabits): string =>
  `${aggregated} of the records in aggregates${mixesKeys ? ' of mixed keys' : ''}, ${repeated} of them twice${idleMs > 0 ? `, idle after ${idleMs} ms` : ''}`
