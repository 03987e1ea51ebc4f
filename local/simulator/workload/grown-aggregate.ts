import { every } from '../../../shared/dsl/emit.ts'
import type { KeyedStream } from '../../../shared/dsl/keyed-stream.ts'
import type { Origins } from '../../../shared/dsl/origin.ts'
import type { Results, Stream } from '../../../shared/dsl/stream.ts'
import type { WindowedStream } from '../../../shared/dsl/windowed-stream.ts'
import { milliseconds } from '../../../shared/model/duration.ts'
import type { Key } from '../../../shared/model/key.ts'
import { globalWindow, hopping, session, tumbling, type WindowAssigner } from '../../../shared/windows/window.ts'
import type { Random } from '../random.ts'
import { type AnyRow, type Fact, lucky } from './fact.ts'
import type { Branch } from './pipeline-growth.ts'
import type { Unsteadiness } from './unsteadiness.ts'

/** When functions throw. */
export type Moods = { readonly isUnlucky: boolean; readonly unsteadiness: Unsteadiness }

export type GrownRows = {
  readonly name: string
  readonly text: string
  readonly rows: Results<AnyRow, Origins, unknown>
  /** Rows go out more than once. */
  readonly isStale: boolean
  /** No record changes a window that fired. */
  readonly isBounded: boolean
  /** Rows of sessions that may be taken back: they go to views and tops only. */
  readonly mayMerge: boolean
  readonly late: Stream<Fact, Origins> | undefined
}

/** Values by a key: sometimes by a property, so that the plan makes one stage of several keyBys. */
export function keyed(
  random: Random,
  { stream, depth }: Branch,
): { readonly name: string; readonly stream: KeyedStream<Key, Fact, Origins> } {
  const property = random.pick(['user', 'kind'] as const)
  if (depth === 0 && random.chance(0.5)) return { name: property, stream: stream.keyBy(property) }
  const name = `${property}-${depth}`
  switch (random.below(4)) {
    case 0:
      return {
        name: `pair-${depth}`,
        stream: stream.keyBy(`pair-${depth}`, ({ user, kind }) => [user ?? 'nobody', kind]),
      }
    case 1:
      return { name: `rest-${depth}`, stream: stream.keyBy(`rest-${depth}`, fact => Math.round(fact.amount) % 7) }
    default:
      return { name, stream: stream.keyBy(name, fact => fact[property]) }
  }
}

export function growAggregate(random: Random, branch: Branch, name: string, moods: Moods): GrownRows {
  if (random.chance(0.1)) return growReduced(random, branch, name)
  const by = keyed(random, branch)
  return random.chance(0.4)
    ? growRunning(random, by.stream, name, by.name, moods)
    : growWindowed(random, by.stream, name, by.name, moods)
}

/** A fold of the user's, over numbers. */
function growReduced(random: Random, { stream, depth }: Branch, name: string): GrownRows {
  const by = `tens-${depth}`
  const tens = stream.map(fact => Math.round(fact.amount)).keyBy(by, amount => Math.floor(amount / 10))
  const larger = (a: number, b: number): number => Math.max(a, b)
  const emit = random.pick(['final', 'updates'] as const)
  const rows: Results<AnyRow, Origins, unknown> = random.chance(0.5)
    ? tens.window(tumbling(milliseconds(random.between(20, 200)))).reduce(name, larger, { emit })
    : tens.reduce(name, larger, { emit })
  const text = `keyBy ${by}, ${name} reduce ${emit}`
  return { name, text, rows, isStale: emit !== 'final', isBounded: true, mayMerge: false, late: undefined }
}

function growRunning(
  random: Random,
  stream: KeyedStream<Key, Fact, Origins>,
  name: string,
  by: string,
  moods: Moods,
): GrownRows {
  const emit = random.pick([
    'updates',
    'updates',
    'final',
    'final',
    'final',
    'complete',
    every(milliseconds(random.between(1, 5_000))),
  ] as const)
  const { rows, text } = anyAggregate(random, stream, name, { emit }, moods)
  const isStale = emit !== 'final'
  return {
    name,
    text: `keyBy ${by}, ${name} ${text} ${JSON.stringify(emit)}`,
    rows,
    isStale,
    isBounded: true,
    mayMerge: false,
    late: undefined,
  }
}

function growWindowed(
  random: Random,
  stream: KeyedStream<Key, Fact, Origins>,
  name: string,
  by: string,
  moods: Moods,
): GrownRows {
  const windows = anyWindows(random)
  const isSession = windows.kind === 'session'
  const emit = random.pick(
    isSession
      ? (['final', 'final', 'updates'] as const)
      : (['final', 'final', 'final', 'updates', 'complete', every(milliseconds(random.between(1, 5_000)))] as const),
  )
  const latenessMs = random.pick([0, 0, 0, 0, 10, 150])
  const on = stream.window(windows).allowedLateness(milliseconds(latenessMs))
  const hasSide = random.chance(0.3)
  const sided = hasSide ? anyAggregate(random, on.lateTo('late'), name, { emit }, moods) : undefined
  const made = sided ?? anyAggregate(random, on, name, { emit }, moods)
  const isStale = emit !== 'final' || latenessMs > 0
  return {
    name,
    text: `keyBy ${by}, ${describe(windows)}, lateness ${latenessMs}${hasSide ? ' lateTo' : ''}, ${name} ${made.text} ${JSON.stringify(emit)}`,
    rows: made.rows,
    isStale,
    isBounded: latenessMs === 0,
    mayMerge: isSession && isStale,
    late: sided?.rows.side('late'),
  }
}

const describe = (windows: WindowAssigner): string => JSON.stringify(windows)

function anyWindows(random: Random): WindowAssigner {
  const size = random.between(20, 400)
  const offset = random.chance(0.3) ? { offset: milliseconds(random.between(0, 30)) } : {}
  switch (random.below(5)) {
    case 0:
      return tumbling(milliseconds(size), offset)
    case 1: {
      const hop = random.between(10, 60)
      return hopping(milliseconds(hop * random.between(1, 5)), milliseconds(hop), offset)
    }
    case 2:
      return hopping(milliseconds(size), milliseconds(random.between(Math.ceil(size / 6), size)), offset)
    case 3:
      return session(milliseconds(random.between(1, 80)))
    default:
      return random.chance(0.3) ? globalWindow() : tumbling(milliseconds(size), offset)
  }
}

type Settings = { readonly emit: 'final' | 'updates' | 'complete' | ReturnType<typeof every> }

type LateFacts = { readonly late: Fact }
type Made<Sides> = { readonly rows: Results<AnyRow, Origins, Sides>; readonly text: string }

/** All of an operator's functions give a number, so that a top or a fact can be made of any of them. */
function anyAggregate(
  random: Random,
  stream: WindowedStream<Key, Fact, Origins, LateFacts>,
  name: string,
  settings: Settings,
  moods: Moods,
): Made<LateFacts>
function anyAggregate(
  random: Random,
  stream: KeyedStream<Key, Fact, Origins> | WindowedStream<Key, Fact, Origins>,
  name: string,
  settings: Settings,
  moods: Moods,
): Made<unknown>
function anyAggregate(
  random: Random,
  stream: KeyedStream<Key, Fact, Origins> | WindowedStream<Key, Fact, Origins, unknown>,
  name: string,
  settings: Settings,
  moods: Moods,
): Made<unknown> {
  const amount = (fact: Fact): number => fact.amount
  switch (random.below(7)) {
    case 0:
      return { text: 'count', rows: stream.count(name, settings) }
    case 1:
      return { text: 'sum', rows: stream.sum(name, moods.isUnlucky ? fact => lucky(fact).amount : amount, settings) }
    case 2:
      return {
        text: 'min',
        rows: isWindowed(stream) ? stream.min(name, amount, settings) : stream.min(name, amount, settings),
      }
    case 3:
      return {
        text: 'max',
        rows: isWindowed(stream) ? stream.max(name, amount, settings) : stream.max(name, amount, settings),
      }
    case 4:
      return { text: 'average', rows: stream.average(name, amount, settings) }
    default:
      return {
        text: 'aggregate',
        rows: isWindowed(stream)
          ? stream.aggregate(name, spreadOf(moods), settings)
          : stream.aggregate(name, spreadOf(moods), settings),
      }
  }
}

const isWindowed = (
  stream: KeyedStream<Key, Fact, Origins> | WindowedStream<Key, Fact, Origins, unknown>,
): stream is WindowedStream<Key, Fact, Origins, unknown> => 'allowedLateness' in stream

type Spread = { least: number; most: number; ids: Set<number> }

/** Changes its accumulator in place, of more than plain numbers. */
const spread = {
  create: (): Spread => ({ least: Number.POSITIVE_INFINITY, most: Number.NEGATIVE_INFINITY, ids: new Set() }),
  add: (all: Spread, { amount, id }: Fact): Spread => {
    all.least = Math.min(all.least, amount)
    all.most = Math.max(all.most, amount)
    all.ids.add(id)
    return all
  },
  merge: (all: Spread, other: Spread): Spread => ({
    least: Math.min(all.least, other.least),
    most: Math.max(all.most, other.most),
    ids: new Set([...all.ids, ...other.ids]),
  }),
  result: ({ least, most, ids }: Spread): number => Math.round(1_000 * (most - least)) + ids.size,
}

/** Throws on unlucky facts, or at the run's wish. */
const spreadOf = ({ isUnlucky, unsteadiness }: Moods) => ({
  ...spread,
  add: (all: Spread, fact: Fact): Spread => {
    const added = spread.add(all, isUnlucky ? lucky(fact) : fact)
    unsteadiness.check()
    return added
  },
})
