import assert from 'node:assert/strict'
import { type Await, type DriveOptions, type Driver, drive, type Fault } from 'millrace/testing'
import type { StageNames } from '../../../local/testing/driver-types.ts'
import type { Pipeline } from '../../../shared/index.ts'
import { Random } from '../../cloud/random.ts'

/**
 * A case of a vector, to be played on a driver.
 *
 * Every variant must give the same, so what a case depends on must be in the case: time moves by `advanceTo` alone (give sources an
 * `outOfOrder` longer than the case, as a watermark that follows the records depends on how they are spread over shards), and what has
 * to come in order is pushed one by one. When updates go out is not part of a result, as commits are cut where an invocation ends.
 */
export type VectorCase<Out, Origin> = {
  readonly pipeline: Pipeline<Out, Origin>
  readonly options?: DriveOptions<StageNames<Origin>>
  /** Pushes the input and asserts what it gives. `pause` is called between two parts of the input: there shards split and merge. */
  readonly play: (run: Driver<Out, Origin>, pause: () => Promise<void>) => Promise<void>
}

type Variant = {
  readonly name: string
  readonly shards: number
  /** Of what goes wrong and where. */
  readonly seed: number
  /** Of awaits that go wrong. */
  readonly faults: number
  readonly reshards: number
}

const seeds = [1, 2, 3]

const variants: readonly Variant[] = [
  ...seeds.map(seed => ({ name: 'crashes', shards: 1, seed, faults: 0.08, reshards: 0 })),
  ...[2, 3].map(shards => ({ name: `${shards} shards`, shards, seed: 0, faults: 0, reshards: 0 })),
  ...seeds.map(seed => ({ name: 'a split', shards: 1, seed, faults: 0, reshards: 1 })),
  ...seeds.map(seed => ({ name: 'splits, merges and crashes', shards: 2, seed, faults: 0.05, reshards: 3 })),
]

/**
 * Plays a case as given, then in variants: with crashes at random awaits, on other numbers of shards, with splits and merges in the
 * middle of the input. What a variant's assertions throw names the variant and its seed.
 */
export async function forEachVariant<Out, Origin>(name: string, vector: VectorCase<Out, Origin>): Promise<void> {
  let pauses = 0
  await named(`${name}, as given`, () => vector.play(drive(vector.pipeline, vector.options), async () => void pauses++))
  assert.ok(pauses > 0, `${name}: a case pauses between parts of its input`)
  for (const variant of variants) {
    await named(`${name}, ${variant.name}, seed ${variant.seed}`, () => playVariant(vector, variant, pauses))
  }
}

async function playVariant<Out, Origin>(
  { pipeline, options, play }: VectorCase<Out, Origin>,
  { shards, seed, faults, reshards }: Variant,
  pauses: number,
): Promise<void> {
  const random = new Random(seed)
  const chance = new Random(seed + 1_000)
  const faultAt = (_at: Await): Fault | undefined => (chance.next() < faults ? anyFault(chance) : undefined)
  const run = drive(pipeline, { ...options, shards, faults: faultAt })
  const stages = pipeline.plan.stages.map(stage => stage.name)
  const at = new Set(Array.from({ length: reshards }, () => random.below(pauses)))
  let paused = 0
  await play(run, async () => {
    if (at.has(paused++)) await reshard(run, random.pick(stages), random)
  })
}

/** The driver's reshards, by a name that is known to be a stage's. */
type Resharded = {
  shards(stage: string): readonly string[]
  split(stage: string): Promise<unknown>
  merge(stage: string): Promise<unknown>
}

async function reshard(run: Resharded, stage: string, random: Random): Promise<void> {
  if (run.shards(stage).length > 1 && random.below(2) === 0) await run.merge(stage)
  else await run.split(stage)
}

function anyFault(random: Random): Fault {
  const awaits = random.below(20)
  const when = random.pick(['before', 'after'] as const)
  switch (random.below(6)) {
    case 0:
      return { kind: 'lost', what: random.pick(['request', 'answer'] as const) }
    case 1:
      return { kind: 'late', awaits }
    case 2:
      return { kind: 'zombie', when, awaits }
    default:
      return { kind: 'crash', when }
  }
}

async function named(name: string, play: () => Promise<void>): Promise<void> {
  try {
    await play()
  } catch (thrown) {
    throw new Error(`${name}: ${thrown instanceof Error ? thrown.message : thrown}`, { cause: thrown })
  }
}
