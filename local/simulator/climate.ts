import { limits, type Sizes } from '../../shared/model/limits.ts'
import type { Stage } from '../../shared/plan/plan.ts'
import { type FaultKind, faultKinds, stepFaults } from './fault-kinds.ts'
import type { Random } from './random.ts'

/** What a run is like: which faults there are and how frequent, and the numbers that a deployment may choose. */
export type Climate = {
  /** Share of the awaits, or of the steps, at which a fault happens; 0 for those that this run does not have. */
  readonly rates: { readonly [Kind in FaultKind]: number }
  /** Steps after which there are no more faults. */
  readonly faultySteps: number
  readonly sizes: Sizes
  /** What a process takes to fit into a commit at first; Infinity: whatever comes. */
  readonly unitsPerCommit: number
  /** Of an invocation, in virtual time. */
  readonly timeoutMs: number
  /** What each look at the time left costs an invocation: the runtime looks once a record. */
  readonly lookMs: number
  /** How far a process's clock may be off, either way. */
  readonly skewMs: number
  /** Most that a step takes, in virtual time. */
  readonly stepMs: number
  /** Most warm processes of a stage that are kept side by side. */
  readonly processes: number
  /** Share of invocations that meet a new process although a warm one is free. */
  readonly coldShare: number
  readonly bisects: boolean
  /** Most records that a producer puts at once. */
  readonly putRecords: number
  /** How readily each thing happens, against 1 for a call of an invocation that counts. */
  readonly paces: {
    readonly push: number
    readonly start: number
    readonly zombie: number
    /** Requests that nobody waits for. */
    readonly late: number
  }
  /** Of a stream when it is created. */
  shards(stream: string): number
  /** Of a stage's mapping, when it is made for the `generation`th time. */
  batchSize(stage: Stage, generation: number): number
}

/** What a run has for the most part. */
const ordinaryRecords = 500
const ordinaryGroups = 20
/** A run with more has fewer batches. */
const manyGroups = 30
/** Rings of few slots come round in all of them, one of the production's size in the last. */
const sourceBatches = [15, 25, 40, 60, 100] as const

/**
 * Draws the climate of a seed: a few have no faults, many have one or two kinds at a high rate, the rest has most kinds.
 * `groups` are the key groups of all stages together: each commit may speak to all of them, and page all of them.
 */
export function climateOf(random: Random, records = ordinaryRecords, groups = ordinaryGroups): Climate {
  const mode = random.pick([
    'calm',
    'single',
    'single',
    'single',
    'mixed',
    'mixed',
    'mixed',
    'mixed',
    'all',
    'all',
  ] as const)
  const numbers = random.fork('numbers')
  // A run is short enough to be one of many: so many batches of a source, whatever its records.
  const batches = numbers.pick(sourceBatches) * Math.min(1, manyGroups / groups)
  const leastRecords = Math.max(1, Math.ceil(records / batches))
  const mostRecords = leastRecords * numbers.pick([1, 1, 2, 4, 20])
  const mostShards = numbers.pick([1, 1, 2, 3, 4])
  return {
    rates: ratesOf(mode, random.fork('rates')),
    faultySteps: numbers.pick([150, 400, 800, 1_500, 3_000]),
    sizes: sizesOf(random.fork('sizes')),
    unitsPerCommit: numbers.pick([Infinity, Infinity, Infinity, leastRecords, leastRecords * 2]),
    timeoutMs: numbers.pick([60_000, 60_000, 900_000, 5_000, 1_000]),
    lookMs: numbers.pick([0, 0, 0, 10, 100, 1_000]),
    skewMs: numbers.pick([0, 0, 100, 2_000]),
    stepMs: numbers.pick([0, 1, 5, 50]),
    processes: numbers.pick([1, 2, 2, 3, 5]),
    coldShare: numbers.pick([0, 0, 0.05, 0.3]),
    bisects: numbers.chance(0.3),
    putRecords: leastRecords * numbers.pick([1, 2, 5]),
    paces: {
      push: numbers.pick([0.05, 0.3, 1]),
      start: numbers.pick([0.1, 0.5, 2]),
      zombie: numbers.pick([0.02, 0.1, 0.5]),
      late: numbers.pick([0.01, 0.05, 0.3]),
    },
    shards: stream => random.fork(`shards ${stream}`).between(1, mostShards),
    batchSize: ({ name, input }, generation) => {
      const times = input.kind === 'shuffle' ? input.groups : 1
      const size = random.fork(`batch ${name} ${generation}`).between(leastRecords * times, mostRecords * times)
      return Math.min(size, limits.batchRecords)
    },
  }
}

/** Awaits that go wrong, all kinds of faults together. */
const densities = [0.01, 0.03, 0.06, 0.1, 0.2] as const
/** Against a fault of a call: an event concerns everything. */
const eventShare = 0.15
/** Functions are called for each record, more often than anything is awaited. */
const callShare = 0.5

function ratesOf(mode: 'calm' | 'single' | 'mixed' | 'all', random: Random): { readonly [Kind in FaultKind]: number } {
  const chosen = new Set(chosenKinds(mode, random))
  const density = mode === 'single' ? random.pick([0.1, 0.2, 0.3]) : random.pick(densities)
  const rateOf = (kind: FaultKind): number => {
    if (!chosen.has(kind)) return 0
    // A thing that happens now and then by itself: each time is another decision.
    if (kind === 'timeout' || kind === 'lostTick' || kind === 'doubledTick') return kind === 'timeout' ? 1 : 0.3
    const each = Math.min(0.25, (density * 2) / Math.max(2, chosen.size))
    if (kind === 'flaky') return each * callShare
    return stepFaults.some(other => other === kind) ? each * eventShare : each
  }
  return Object.fromEntries(faultKinds.map(kind => [kind, rateOf(kind)])) as { [Kind in FaultKind]: number }
}

function chosenKinds(mode: 'calm' | 'single' | 'mixed' | 'all', random: Random): readonly FaultKind[] {
  switch (mode) {
    case 'calm':
      return []
    case 'single':
      return [random.pick(faultKinds), random.pick(faultKinds)]
    case 'mixed':
      return faultKinds.filter(() => random.chance(0.5))
    case 'all':
      return faultKinds
  }
}

/** Rings that come round often, pages and chunks of several parts: what in production takes a great deal of data. */
const sizesOf = (random: Random): Sizes => ({
  ringSlots: random.pick([limits.ringSlots, 2, 3, 4, 5, 8, 16]),
  ringBytes: random.pick([limits.ringBytes, limits.ringBytes, 2_000]),
  pagePartBytes: random.pick([limits.pagePartBytes, limits.pagePartBytes, 100, 400]),
  chunkBytes: random.pick([limits.chunkBytes, limits.chunkBytes, 120, 400]),
})
