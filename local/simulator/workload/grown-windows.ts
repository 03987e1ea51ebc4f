import { json } from '../../../shared/codecs/json.ts'
import { every } from '../../../shared/dsl/emit.ts'
import type { KeyedStream } from '../../../shared/dsl/keyed-stream.ts'
import type { Origins } from '../../../shared/dsl/origin.ts'
import { type PaneOptions, panes, type Trigger, type WindowEmit } from '../../../shared/dsl/panes.ts'
import type { Outputs } from '../../../shared/dsl/pipeline.ts'
import type { WindowedRow } from '../../../shared/dsl/rows.ts'
import type { Results } from '../../../shared/dsl/stream.ts'
import type { WindowedStream } from '../../../shared/dsl/windowed-stream.ts'
import { milliseconds } from '../../../shared/model/duration.ts'
import type { Accumulation } from '../../../shared/operators/panes/pane-emission.ts'
import { countWindow } from '../../../shared/windows/count.ts'
import { cumulating } from '../../../shared/windows/cumulating.ts'
import { daily } from '../../../shared/windows/daily.ts'
import { sliding } from '../../../shared/windows/sliding.ts'
import { globalWindow, hopping, session, tumbling, type WindowAssigner } from '../../../shared/windows/window.ts'
import type { Random } from '../random.ts'
import type { AnyRow, Fact } from './fact.ts'
import { anyAggregates, factOfAny, inverseAggregates } from './grown-aggregates.ts'
import type { GrownOperator, Soil } from './grown-operators.ts'

type Keyed = KeyedStream<string, Fact, Origins>
type Windowed = WindowedStream<string, Fact, Origins, unknown>

function keyedOf({ random, name, pick }: Soil): {
  readonly keyed: Keyed
  readonly depth: number
  readonly from: string
} {
  const { stream, depth, name: from } = pick()
  const by = random.chance(0.6) ? (fact: Fact) => `${fact.kind}` : (fact: Fact) => `${fact.kind}${fact.id % 5}`
  return { keyed: stream.keyBy(`of-${name}`, by), depth: depth + 1, from }
}

/** All kinds that are not in every pipeline already. */
function anyKind(random: Random): WindowAssigner {
  const size = random.between(10, 200)
  switch (random.below(7)) {
    case 0:
      return cumulatingOf(random)
    case 1:
      return dailyOf(random)
    case 2:
      return session(milliseconds(random.between(1, 60)), { atGap: 'part' })
    case 3:
    case 4:
      return sliding(milliseconds(random.pick([0, 1, random.between(2, 60)])))
    case 5: {
      const most = random.between(1, 20)
      return countWindow(most, {
        every: random.chance(0.5) ? most : random.between(1, most),
        leftover: random.pick(['drop', 'emit'] as const),
      })
    }
    default:
      return tumbling(milliseconds(size))
  }
}

function cumulatingOf(random: Random): WindowAssigner {
  const step = random.between(5, 80)
  const offset = random.chance(0.3) ? { offset: -random.between(1, 100) } : {}
  const unchanged = random.pick(['emit', 'skip'] as const)
  return cumulating(milliseconds(step * random.between(1, 6)), milliseconds(step), { ...offset, unchanged })
}

/** Event times begin in 1970: days that begin some seconds after that on the clocks of zones as they were then. */
function dailyOf(random: Random): WindowAssigner {
  const [zone, clockMs] = random.pick([
    ['UTC', 0],
    ['Europe/London', 3_600_000],
    ['Asia/Kolkata', 19_800_000],
    ['Africa/Monrovia', 83_730_000],
  ] as const)
  return daily(zone, { startsAt: milliseconds(clockMs + random.between(1_200, 6_000)) })
}

/** Windows of every kind, under several aggregates in one pass or one that gives numbers. */
export function growWindows(soil: Soil): GrownOperator {
  const { random, name } = soil
  const { keyed, depth, from } = keyedOf(soil)
  const windows = anyKind(random)
  const isCount = windows.kind === 'count'
  const follows = windows.kind === 'session' || windows.kind === 'sliding'
  const emit: WindowEmit = isCount
    ? 'final'
    : random.pick(follows ? ['final', 'updates'] : ['final', 'final', 'updates', 'complete', every(milliseconds(700))])
  const latenessMs = isCount ? 0 : random.pick([0, 0, 10, 150])
  const on: Windowed = keyed.window(windows)
  const lenient = latenessMs > 0 ? on.allowedLateness(milliseconds(latenessMs)) : on
  const { made, text } = anyRows(random, lenient, name, emit)
  const isStale = emit !== 'final' || latenessMs > 0
  const what = `${name}: ${JSON.stringify(windows)} of ${from}, lateness ${latenessMs}, ${JSON.stringify(emit)}, ${text}`
  // Rows of sessions that may merge are taken back: they go to views only.
  if (windows.kind === 'session' && isStale) return { text: what, depth, isStale, outputs: { [`${name}-rows`]: made } }
  return { text: what, depth, isStale, outputs: outputsOf(random, name, made), facts: made.map(factOfAny) }
}

/** A window that hops often, made of the one before by an inverse where there is one. */
export function growHopping(soil: Soil): GrownOperator {
  const { random, name } = soil
  const { keyed, depth, from } = keyedOf(soil)
  const hop = random.between(3, 20)
  const windows = hopping(milliseconds(hop * random.between(8, 25)), milliseconds(hop))
  const latenessMs = random.pick([0, 0, 30])
  const made = keyed
    .window(windows)
    .allowedLateness(milliseconds(latenessMs))
    .aggregate(name, random.chance(0.7) ? inverseAggregates() : anyAggregates(random))
  const text = `${name}: ${JSON.stringify(windows)} of ${from}, lateness ${latenessMs}`
  return { text, depth, isStale: latenessMs > 0, outputs: { [`${name}-rows`]: made }, facts: made.map(factOfAny) }
}

/** Over everything so far, or in windows, with keys that are spread or not. */
export function growComposed(soil: Soil): GrownOperator {
  const { random, name } = soil
  const { keyed, depth, from } = keyedOf(soil)
  const aggregates = anyAggregates(random)
  const ways = random.chance(0.6) ? random.between(2, 6) : 0
  const windows = random.pick([undefined, tumbling(milliseconds(random.between(10, 200))), cumulatingOf(random)])
  const emit = random.pick(['final', 'final', 'updates'] as const)
  const on = (stream: Keyed): Results<{ readonly key: string; readonly value: unknown }, Origins> => {
    if (windows === undefined) return stream.aggregate(name, aggregates, { emit })
    return stream.window(windows).aggregate(name, aggregates, { emit })
  }
  const made = ways > 0 ? keyed.spread(`parts-of-${name}`, ways, on) : on(keyed)
  const where = windows === undefined ? 'all of time' : JSON.stringify(windows)
  const text = `${name}: ${Object.keys(aggregates)} of ${from} in ${where}, ${ways} ways, ${emit}`
  const outputs = { [`${name}-rows`]: made }
  return { text, depth: depth + 1, isStale: emit !== 'final', outputs, facts: made.map(factOfAny) }
}

/** Rows that go out as panes: to a sink as they are, and to what keeps the newest of each window. */
export function growPanes(soil: Soil): GrownOperator {
  const { random, name } = soil
  const { keyed, depth, from } = keyedOf(soil)
  const windows = paneWindows(random)
  const latenessMs = random.pick([0, 10, 150])
  const options = paneOptions(random)
  const on = keyed.window(windows).allowedLateness(milliseconds(latenessMs))
  const { made, text, numbers } = anyRows(random, on, name, panes(options))
  const outputs: Record<string, Outputs[string]> = { [`${name}-panes`]: sinkOf(random, made, `${name}-panes`) }
  if (random.chance(0.6)) outputs[`${name}-rows`] = made
  if (numbers !== undefined && random.chance(0.3)) outputs[`${name}-top`] = numbers.top(`${name}-top`, 3)
  const what = `${name}: panes of ${JSON.stringify(windows)} of ${from}, lateness ${latenessMs}, ${JSON.stringify(options)}`
  return { text: `${what}, ${text}`, depth, isStale: true, outputs, facts: made.map(factOfAny) }
}

function paneWindows(random: Random): WindowAssigner {
  const size = random.between(20, 300)
  switch (random.below(7)) {
    case 0:
      return hopping(milliseconds(size), milliseconds(Math.ceil(size / random.between(2, 4))))
    case 1:
      return cumulating(milliseconds(size * 3), milliseconds(size))
    case 2:
      return dailyOf(random)
    case 3:
      return session(milliseconds(random.between(1, 60)), { atGap: random.pick(['join', 'part'] as const) })
    case 4:
      return globalWindow()
    default:
      return tumbling(milliseconds(size))
  }
}

function paneOptions(random: Random): PaneOptions<Accumulation> {
  const time = random.pick([
    'end',
    'end',
    'earliest',
    'latest',
    (at: number, { end }: { readonly end: number }) => Math.min(at + 20, end - 1),
  ] as const)
  return {
    ...(random.chance(0.8) && { early: anyTrigger(random) }),
    ...(random.chance(0.4) && { late: anyTrigger(random) }),
    onTime: random.pick(['always', 'changed'] as const),
    accumulation: random.pick(['accumulating', 'discarding', 'retracting'] as const),
    grown: random.pick(['continue', 'continue', 'restart'] as const),
    time,
  }
}

function anyTrigger(random: Random): Trigger {
  const when = { when: random.pick(['any', 'all'] as const) }
  const atMost = random.chance(0.2) ? { atMost: random.between(1, 4) } : {}
  const records = { records: random.between(1, 6) }
  const eventTime = { eventTime: milliseconds(random.between(5, 60)) }
  const arrivalTime = { arrivalTime: milliseconds(random.pick([1, 200, 20_000])) }
  const parts = random.pick([
    records,
    records,
    eventTime,
    arrivalTime,
    { ...records, ...eventTime },
    { ...records, ...arrivalTime },
    { ...eventTime, ...arrivalTime },
  ])
  return { ...parts, ...when, ...atMost }
}

type AnyRows = Results<WindowedRow<string, unknown>, Origins, unknown>

/** One aggregate by a method, that gives numbers; or several. */
function anyRows(
  random: Random,
  on: Windowed,
  name: string,
  emit: WindowEmit,
): { readonly made: AnyRows; readonly text: string; readonly numbers?: Results<AnyRow, Origins, unknown> } {
  const amount = (fact: Fact): number => fact.amount
  const options = { emit }
  const kind = random.pick(['count', 'count', 'sum', 'min', 'max', 'average', 'several', 'several'] as const)
  if (kind === 'several') {
    const aggregates = anyAggregates(random)
    return { made: on.aggregate(name, aggregates, options), text: `${Object.keys(aggregates)}` }
  }
  const numbers = numbersOf(on, kind, name, amount, options)
  return { made: numbers, numbers, text: kind }
}

function numbersOf(
  on: Windowed,
  kind: 'count' | 'sum' | 'min' | 'max' | 'average',
  name: string,
  of: (fact: Fact) => number,
  options: { readonly emit: WindowEmit },
): Results<WindowedRow<string, number>, Origins, unknown> {
  switch (kind) {
    case 'count':
      return on.count(name, options)
    case 'sum':
      return on.sum(name, of, options)
    case 'min':
      return on.min(name, of, options)
    case 'max':
      return on.max(name, of, options)
    case 'average':
      return on.average(name, of, options)
  }
}

function outputsOf(random: Random, name: string, made: AnyRows): Readonly<Record<string, Outputs[string]>> {
  if (random.chance(0.7)) return { [`${name}-rows`]: made }
  return { [`${name}-rows`]: made, [`${name}-stream`]: sinkOf(random, made, `${name}-stream`) }
}

function sinkOf(random: Random, made: AnyRows, name: string): Outputs[string] {
  const kind = random.pick(['stream', 'files', 'forEach'] as const)
  if (kind === 'stream') return made.toStream(`${name}-stream`, json())
  if (kind === 'files') return made.toFiles(json())
  return made.forEach(() => {})
}
