import assert from 'node:assert/strict'
import { test } from 'node:test'
import { drive } from 'millrace/testing'
import { KplWriter } from '../../shared/codecs/kpl-writer.ts'
import {
  countWindow,
  cumulating,
  daily,
  days,
  every,
  globalWindow,
  hopping,
  hours,
  json,
  milliseconds,
  minutes,
  panes,
  pipeline,
  session,
  sliding,
  tumbling,
  type Window,
} from '../../shared/index.ts'
import { beginningOfTime, endOfTime } from '../../shared/model/event-time.ts'
import { describe } from '../../shared/plan/describe.ts'
import { isFixed, type WindowAssigner } from '../../shared/windows/window.ts'
import { Random } from '../codecs/random.ts'
import { cumulatingBy, hoppingBy } from '../operators/naive-windows.ts'
import { crashEverywhere } from '../runtime/crash-everywhere.ts'
import { NaiveDays } from '../windows/naive-days.ts'

type Sale = { readonly at: number; readonly shop: string; readonly amount: number }
type Held = { readonly window: Window; readonly sales: readonly Sale[] }

const halfHour = 1_800_000
const codec = json<Sale>()
const sourceOptions = { codec, eventTime: (sale: Sale) => sale.at, outOfOrder: days(10) }

/** Every aggregate, and rankings, over windows. */
const everything = (windows: WindowAssigner) =>
  pipeline(
    'everything',
    ({ source }) => {
      const windowed = source('sales', sourceOptions).keyBy('shop').window(windows)
      const sums = windowed.sum('sums', sale => sale.amount)
      const results = {
        counts: windowed.count('counts'),
        sums,
        least: windowed.min('least', sale => sale.amount),
        greatest: windowed.max('greatest', sale => sale.amount),
        averages: windowed.average('averages', sale => sale.amount),
        reduced: windowed.reduce('reduced', (a, b) => ({ at: a.at, shop: a.shop, amount: a.amount + b.amount })),
        lists: windowed.aggregate('lists', {
          create: (): number[] => [],
          add: (list, sale: Sale) => [...list, sale.amount],
          merge: (a, b) => [...a, ...b],
          result: list => list.toSorted((a, b) => a - b).join(' '),
        }),
      }
      return windows.kind === 'count' ? results : { ...results, tops: sums.top('tops', 1) }
    },
    { keyGroups: 4 },
  )

/** Around the day on which clocks change in Berlin. */
function salesOf(seed: number): Sale[] {
  const random = new Random(seed)
  const from = Date.parse('2024-03-29T20:00:00Z')
  return Array.from({ length: 60 }, () => ({
    at: from + random.below(4 * 48) * halfHour,
    shop: random.pick(['a', 'b', 'c']),
    amount: random.between(1, 100),
  }))
}

type Naive = (sales: readonly Sale[]) => readonly Held[]

/** By the windows that hold each time. */
const byTime =
  (windowsOf: (time: number) => readonly Window[]): Naive =>
  sales => {
    const windows = new Map(sales.flatMap(({ at }) => windowsOf(at)).map(window => [JSON.stringify(window), window]))
    return [...windows.values()].map(window => ({
      window,
      sales: sales.filter(({ at }) => at >= window.start && at < window.end),
    }))
  }

const bySession =
  (gap: number, joins: boolean): Naive =>
  sales => {
    const sessions: Sale[][] = []
    for (const sale of sales.toSorted((a, b) => a.at - b.at)) {
      const apart = sale.at - (sessions.at(-1)?.at(-1)?.at ?? Number.NEGATIVE_INFINITY)
      if (apart < gap || (joins && apart === gap)) sessions.at(-1)?.push(sale)
      else sessions.push([sale])
    }
    return sessions.map(own => ({ window: { start: own[0].at, end: (own.at(-1)?.at ?? 0) + gap }, sales: own }))
  }

const bySliding =
  (difference: number): Naive =>
  sales => {
    const starts = new Set(sales.flatMap(({ at }) => [at - difference, at + 1]))
    return [...starts]
      .map(start => ({
        window: { start, end: start + difference + 1 },
        sales: sales.filter(({ at }) => at >= start && at <= start + difference),
      }))
      .filter(held => held.sales.length > 0)
  }

const byCount =
  (size: number, each: number): Naive =>
  sales =>
    Array.from({ length: Math.floor(sales.length / each) }, (_, i) => {
      const [start, end] = [Math.max(0, (i + 1) * each - size), (i + 1) * each]
      return { window: { start, end }, sales: sales.slice(start, end) }
    })

const berlin = new NaiveDays('Europe/Berlin')
const hour = 3_600_000
const kinds: readonly [name: string, windows: WindowAssigner, naive: Naive][] = [
  ['tumbling', tumbling(hours(6), { offset: -minutes(90) }), byTime(hoppingByHalfHours(12, 12, -3))],
  ['hopping', hopping(hours(6), hours(4)), byTime(hoppingByHalfHours(12, 8, 0))],
  ['cumulating', cumulating(days(1), hours(4), { offset: hours(30) }), byTime(inHalfHours(cumulatingBy(48, 8, 60)))],
  ['daily', daily('Europe/Berlin'), byTime(time => [berlin.dayOf(time)])],
  ['session', session(hours(2)), bySession(2 * hour, true)],
  ['parting session', session(hours(2), { atGap: 'part' }), bySession(2 * hour, false)],
  ['sliding', sliding(hours(3)), bySliding(3 * hour)],
  ['count', countWindow(7), byCount(7, 7)],
  ['overlapping count', countWindow(6, { every: 4 }), byCount(6, 4)],
  ['global', globalWindow(), byTime(() => [{ start: beginningOfTime, end: endOfTime }])],
]

function hoppingByHalfHours(size: number, hop: number, offset: number) {
  return inHalfHours(hoppingBy(size, hop, offset))
}

function inHalfHours(windowsOf: (time: number) => readonly Window[]) {
  return (time: number) =>
    windowsOf(time / halfHour).map(({ start, end }) => ({ start: start * halfHour, end: end * halfHour }))
}

const bySet = (rows: readonly unknown[]) => rows.map(row => JSON.stringify(row)).sort()

const heldIn = (sales: readonly Sale[], naive: Naive) =>
  [...Map.groupBy(sales, sale => sale.shop)].flatMap(([key, own]) =>
    naive(own).map(each => ({ key, window: each.window, amounts: each.sales.map(sale => sale.amount) })),
  )

const sumOf = (amounts: readonly number[]) => amounts.reduce((a, b) => a + b, 0)

function expectRows(
  rows: readonly unknown[],
  held: ReturnType<typeof heldIn>,
  value: (amounts: readonly number[]) => unknown,
): void {
  assert.deepEqual(bySet(rows), bySet(held.map(({ key, window, amounts }) => ({ key, window, value: value(amounts) }))))
}

for (const [name, windows, naive] of kinds) {
  test(`every aggregate works on ${name} windows, and so do rankings`, async () => {
    const sales = salesOf(1)
    const run = drive(everything(windows), { batchSize: 7 })
    for (const sale of sales) await run.sales.push(sale)
    await run.sales.end()
    const held = heldIn(sales, naive)
    expectRows(run.counts.rows(), held, amounts => amounts.length)
    expectRows(run.sums.rows(), held, sumOf)
    expectRows(run.least.rows(), held, amounts => Math.min(...amounts))
    expectRows(run.greatest.rows(), held, amounts => Math.max(...amounts))
    expectRows(run.averages.rows(), held, amounts => sumOf(amounts) / amounts.length)
    const reduced = run.reduced.rows().map(({ key, window, value }) => ({ key, window, value: value.amount }))
    expectRows(reduced, held, sumOf)
    expectRows(run.lists.rows(), held, amounts => amounts.toSorted((a, b) => a - b).join(' '))
    if (!('tops' in run)) return
    const best = [...Map.groupBy(held, each => JSON.stringify(each.window)).values()].map(group => {
      const [{ key, window, amounts }] = group.toSorted(
        (a, b) => sumOf(b.amounts) - sumOf(a.amounts) || (a.key < b.key ? -1 : 1),
      )
      return { window, rank: 1, key, value: sumOf(amounts) }
    })
    assert.deepEqual(bySet(run.tops.rows()), bySet(best))
  })

  const isCombined = isFixed(windows)
  test(`${name} windows are ${isCombined ? '' : 'not '}combined before the shuffle, and sums are right`, async () => {
    const associative = pipeline('associative', ({ source }) => {
      const windowed = source('sales', sourceOptions).keyBy('shop').window(windows)
      return { counts: windowed.count('counts'), sums: windowed.sum('sums', sale => sale.amount) }
    })
    assert.equal(JSON.stringify(describe(associative.plan)).includes('combined per key'), isCombined)
    const sales = salesOf(2)
    const run = drive(associative)
    const writer = new KplWriter()
    // In the order of their times, there is something to combine.
    const ordered = sales.toSorted((a, b) => a.at - b.at)
    for (const sale of ordered) writer.add('p', codec.encode(sale))
    await run.sales.pushRaw(writer.finish())
    await run.sales.end()
    const held = heldIn(ordered, naive)
    expectRows(run.counts.rows(), held, amounts => amounts.length)
    expectRows(run.sums.rows(), held, sumOf)
  })
}

type Hit = { readonly at: number; readonly page: string }

const kept = pipeline(
  'kept',
  ({ source }) => {
    const hits = source('hits', { codec: json<Hit>(), eventTime: hit => hit.at, outOfOrder: milliseconds(5) })
    const byPage = hits.keyBy('page')
    const growing = byPage
      .window(cumulating(milliseconds(20), milliseconds(5)))
      .allowedLateness(milliseconds(10))
      .lateTo('late')
      .count('growing')
    const near = byPage
      .window(sliding(milliseconds(8)))
      .allowedLateness(milliseconds(10))
      .count('near', { emit: 'updates' })
    return {
      growing,
      late: growing.side('late').forEach(() => {}),
      near,
      threes: byPage.window(countWindow(3, { every: 2, leftover: 'emit' })).count('threes'),
      days: byPage.window(daily('Europe/Berlin')).count('days', { emit: 'updates' }),
    }
  },
  { keyGroups: 1 },
)

test('growing, sliding, counted and daily windows come out the same whatever await the runtime dies at', async t => {
  const hitsOf = (from: number): Hit[] =>
    [0, 3, 1, 7, 12, 30, 31].map((at, i) => ({ at: from + at, page: `p${i % 2}` }))
  const count = await crashEverywhere({
    pipeline: kept,
    options: { batchSize: 8 },
    play: async run => {
      await run.hits.push(...hitsOf(0))
      await run.hits.push({ at: 18, page: 'p0' }, { at: 0, page: 'p0' })
      await run.hits.push(...hitsOf(25))
      await run.hits.end()
    },
    see: async run => ({
      growing: run.growing.rows(),
      late: run.late.values(),
      near: run.near.rows(),
      threes: run.threes.rows(),
      days: run.days.rows(),
    }),
  })
  t.diagnostic(`${count} awaits`)
})

test('a window ends with the watermark of its last millisecond, where no other record comes either', async () => {
  const from = Date.parse('2024-03-30T23:30:00Z')
  const cases: readonly [WindowAssigner, end: string | number][] = [
    [tumbling(hours(6), { offset: -minutes(90) }), '2024-03-31T04:30:00Z'],
    [cumulating(hours(6), minutes(20), { offset: minutes(7) }), '2024-03-30T23:47:00Z'],
    [daily('Europe/Berlin'), '2024-03-31T22:00:00Z'],
    [daily('Europe/Berlin', { startsAt: minutes(150) }), '2024-03-31T01:00:00Z'],
    [sliding(milliseconds(5)), from + 1],
    [session(milliseconds(9), { atGap: 'part' }), from + 9],
    [session(milliseconds(9)), from + 10],
  ]
  for (const [windows, at] of cases) {
    const run = drive(
      pipeline('ends', ({ source }) => ({
        counts: source('sales', sourceOptions).keyBy('shop').window(windows).count('counts'),
      })),
      { shards: 2 },
    )
    const end = new Date(at).getTime()
    await run.sales.push({ at: from, shop: 'a', amount: 1 })
    await run.sales.advanceTo(end - 2)
    assert.deepEqual(run.counts.rows(), [], windows.kind)
    await run.sales.advanceTo(end - 1)
    assert.equal(run.counts.rows().length, 1, windows.kind)
  }
})

test('what windows of a kind cannot do is refused with a sentence', () => {
  const byPageOf = (pages: Parameters<Parameters<typeof pipeline>[1]>[0]) =>
    pages.source('hits', { codec: json<Hit>(), eventTime: (hit: Hit) => hit.at }).keyBy('page')
  const build = (make: (page: ReturnType<typeof byPageOf>) => unknown) => () => {
    pipeline('refused', pages => {
      make(byPageOf(pages))
      return {}
    })
  }
  const cases: readonly [() => void, RegExp][] = [
    [
      build(page => page.window(sliding(hours(1))).count('c', { emit: 'complete' })),
      /^Cannot emit sliding windows by "complete": .*, expected "final" or "updates"$/,
    ],
    [
      build(page => page.window(sliding(hours(1))).count('c', { emit: every(hours(1)) })),
      /^Cannot emit sliding windows by "every": /,
    ],
    [
      build(page => page.window(countWindow(3)).count('c', { emit: 'updates' })),
      /^Cannot emit count windows by "updates": .*, expected "final"$/,
    ],
    [
      build(page => page.window(countWindow(3)).allowedLateness(hours(1)).count('c')),
      /^Cannot say what is late for count windows: /,
    ],
    [build(page => page.window(countWindow(3)).lateTo('late').count('c')), /^Cannot say what is late/],
    [
      build(page => page.window(cumulating(hours(2), hours(1), { unchanged: 'skip' })).count('c', { emit: panes() })),
      /^Cannot skip unchanged cumulating windows by panes: /,
    ],
    [
      build(page => page.window(countWindow(3)).count('c', { emit: panes() })),
      /^Cannot emit count windows by "panes": /,
    ],
    [
      build(page => page.window(sliding(hours(1))).count('c', { emit: panes() })),
      /^Cannot emit sliding windows by "panes"/,
    ],
  ]
  for (const [make, message] of cases) assert.throws(make, { name: 'ConfigurationError', message })
  const ranked = () =>
    pipeline('refused', pages => ({
      top: byPageOf(pages).window(countWindow(3)).count('c').top('t', 1),
    }))
  assert.throws(ranked, {
    name: 'ConfigurationError',
    message: /^Cannot build pipeline "refused": top "t" ranks rows of count windows, /,
  })
})
