import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const here = fileURLToPath(new URL('.', import.meta.url))
const compiler = fileURLToPath(new URL('../../node_modules/.bin/tsc', import.meta.url))

const preamble = `
import { aggregator, average, collect, collectSet, count, countDistinct, first, globalWindow, hopping, hours, json, last, map, max, maxBy, min, minutes, panes, pipeline, quantiles, session, sideOutput, sqs, stddev, sum, topN, tumbling, value, type Pane, type RetractingPane, utf8 } from '../../../shared/index.ts'
import { column, parquet } from '../../../shared/codecs/files/index.ts'
import { consoleSink, httpSink, memorySink, sqsSink } from '../../../shared/sinks/index.ts'
import { handlers } from '../../../functions/handlers.ts'
type Trade = { readonly side: 'B' | 'S'; readonly amount: number; readonly at: Date; readonly note?: string }
/** Compiles only when both types are the same. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
const isSame = <Holds extends true>(): Holds | undefined => undefined
`

/** Compiles each text as a file of its own, by the project's settings; answers what is wrong with each, by name. */
function compile(files: Readonly<Record<string, string>>): Record<string, string> {
  const folder = mkdtempSync(join(here, '.types-'))
  try {
    writeFileSync(
      join(folder, 'tsconfig.json'),
      JSON.stringify({
        extends: '../../../tsconfig.json',
        compilerOptions: { noUnusedLocals: false, noUnusedParameters: false },
        include: ['*.ts'],
      }),
    )
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, `${name}.ts`), preamble + text)
    const { stdout, stderr } = spawnSync(process.execPath, [compiler, '--noEmit', '--pretty', 'false', '-p', folder], {
      encoding: 'utf8',
    })
    const wrong = Object.fromEntries(Object.keys(files).map(name => [name, '']))
    let current: string | undefined
    for (const line of `${stdout}\n${stderr}`.split('\n')) {
      const found = /([\w-]+)\.ts\(\d+,\d+\): error/.exec(line)
      if (found !== null) current = line.includes('.types-') ? found[1] : undefined
      if (current !== undefined && current in wrong) wrong[current] += `${line}\n`
    }
    return wrong
  } finally {
    rmSync(folder, { recursive: true })
  }
}

const inPipeline = (body: string): string => `
pipeline('p', ({ source }) => {
  const trades = source('trades', { codec: json<Trade>() })
  ${body}
})
`

const needsKey: Record<string, string> = {
  window: 'window(tumbling(minutes(1)))',
  count: "count('n')",
  sum: "sum('n', (trade: Trade) => trade.amount)",
  min: "min('n', (trade: Trade) => trade.amount)",
  max: "max('n', (trade: Trade) => trade.amount)",
  average: "average('n', (trade: Trade) => trade.amount)",
  reduce: "reduce('n', (a: Trade) => a)",
  aggregate: "aggregate('n', { create: () => 0, add: (n: number) => n })",
  distinct: "distinct('n')",
  process: "process('n', { onRecord: () => {} })",
  spread: "spread('parts', 2, (keyed: never) => keyed)",
}

const refused: Record<string, string> = {
  'aggregate-of-other-values': inPipeline(
    "return { n: trades.keyBy('side').aggregate('a', maxBy((text: string) => text.length)) }",
  ),
  'aggregate-of-no-part': inPipeline(
    "return { n: trades.keyBy('side').aggregate('a', { mean: average(trade => trade.nothing) }) }",
  ),
  'one-aggregate-of-others': inPipeline(
    "return { n: trades.keyBy('side').aggregate('a', { n: count(), longest: maxBy((text: string) => text.length) }) }",
  ),
  'no-property': "return { n: trades.keyBy('nothing').count('n') }",
  'no-key': "return { n: trades.keyBy('at').count('n') }",
  'not-a-key': "return { n: trades.keyBy('k', trade => trade.at).count('n') }",
  'not-a-number': "return { n: trades.keyBy('side').sum('n', trade => trade.side) }",
  'not-ordered': "return { n: trades.keyBy('side').reduce('n', a => a).top('t', 3) }",
  'no-results': 'return { trades }',
  'no-merge':
    "return { n: trades.keyBy('side').window(tumbling(minutes(1))).aggregate('n', { create: () => 0, add: n => n }) }",
  'no-side': "return { n: trades.keyBy('side').count('n').side('late').forEach(() => {}) }",
  'other-side':
    "return { n: trades.keyBy('side').window(tumbling(minutes(1))).lateTo('late').count('n').side('lat').forEach(() => {}) }",
  'other-codec': "return { n: trades.toStream('out', utf8) }",
  'other-format': 'return { n: trades.toFiles(parquet({ amount: column.text })) }',
  'other-sink': 'return { n: trades.to(memorySink<number>()) }',
  'lookup-both':
    "return { n: trades.lookup('l', { key: t => t.side, fetch: async k => k, fetchAll: async k => k }, t => t).forEach(() => {}) }",
  'lookup-neither': "return { n: trades.lookup('l', { key: t => t.side }, t => t).forEach(() => {}) }",
  'lookup-batch-of-one':
    "return { n: trades.lookup('l', { key: t => t.side, fetch: async k => k, keysPerCall: 5 }, t => t).forEach(() => {}) }",
  'lookup-plain-timeout':
    "return { n: trades.lookup('l', { key: t => t.side, fetch: async k => k, timeout: 5 }, t => t).forEach(() => {}) }",
  'lookup-no-key':
    "return { n: trades.lookup('l', { key: t => t.at, fetch: async k => k }, t => t).forEach(() => {}) }",
  'process-not-its-state':
    "return { n: trades.keyBy('side').process('n', { state: { last: value<number>() }, onRecord: ({ state }, trade) => state.last.set(trade.side) }).forEach(() => {}) }",
  'process-changes-state':
    "return { n: trades.keyBy('side').process('n', { state: { last: value<Trade[]>() }, onRecord: ({ state }) => { state.last.get()?.pop() } }).forEach(() => {}) }",
  'process-no-side':
    "return { n: trades.keyBy('side').process('n', { onRecord: ({ sides }) => sides.odd(1) }).forEach(() => {}) }",
  'process-other-side':
    "return { n: trades.keyBy('side').process('n', { sides: { odd: sideOutput<number>() }, onRecord: () => {} }).side('even').forEach(() => {}) }",
  'process-plain-ttl': 'return value({ ttl: 5_000 })',
  'broadcast-other-stage-key':
    "return { n: trades.keyBy('side').joinBroadcast('n', trades.broadcast('side'), { rowKey: row => row.at }, () => 1).forEach(() => {}) }",
  'distinct-plain-within': "return { n: trades.keyBy('side').distinct('n', { within: 5 }).forEach(() => {}) }",
  'panes-unwindowed': "return { n: trades.keyBy('side').count('n', { emit: panes() }) }",
  'panes-of-final':
    "return { n: trades.keyBy('side').window(tumbling(minutes(1))).count('n').filter(row => row.pane.index > 0) }",
  'panes-no-retraction':
    "return { n: trades.keyBy('side').window(tumbling(minutes(1))).count('n', { emit: panes() }).filter(row => row.pane.isRetraction) }",
  'panes-plain-interval': 'return panes({ early: { arrivalTime: 5_000 } })',
  'plain-number': "return { n: trades.keyBy('side').window(tumbling(60_000)).count('n') }",
}

const accepted: Record<string, string> = {
  aggregates: inPipeline(`
  const bySide = trades.keyBy('side')
  const stats = {
    n: count(),
    large: count().where((trade: Trade) => trade.amount > 100),
    least: min((trade: Trade) => trade.at).where(trade => trade.amount > 100),
  }
  const several = bySide.aggregate('a', {
    n: count(),
    large: count().where(trade => trade.amount > 100),
    mean: average(trade => trade.amount),
    most: max(trade => trade.at),
    some: sum((trade: Trade) => trade.amount).where(trade => trade.side === 'B'),
    best: maxBy(trade => trade.amount),
    notes: countDistinct(trade => trade.note ?? null),
    middle: quantiles(trade => trade.amount, [0.5, 0.99]),
    spread: stddev(trade => trade.amount),
    all: collect({ limit: 10 }),
    sides: collectSet(trade => trade.side),
    newest: last(),
    amount: first(trade => trade.amount),
    own: aggregator({ create: () => '', add: (text, trade: Trade) => text + trade.side, merge: (a, b) => a + b }),
  })
  several.map(({ value }) => {
    isSame<Same<typeof value, {
      readonly n: number
      readonly large: number
      readonly mean: number
      readonly most: Date
      readonly some: number | null
      readonly best: Trade
      readonly notes: number
      readonly middle: readonly [number, number]
      readonly spread: number | null
      readonly all: readonly Trade[]
      readonly sides: readonly ('B' | 'S')[]
      readonly newest: Trade
      readonly amount: number
      readonly own: string
    }>>()
  })
  bySide.aggregate('b', maxBy(trade => trade.amount)).map(({ value }) => isSame<Same<typeof value, Trade>>())
  bySide.aggregate('c', count().where(trade => trade.amount > 1)).map(({ value }) => isSame<Same<typeof value, number>>())
  bySide.window(tumbling(minutes(1))).aggregate('d', stats).map(({ key, window, value }) => {
    isSame<Same<typeof key, 'B' | 'S'>>()
    isSame<Same<typeof window.start, number>>()
    isSame<Same<typeof value, { readonly n: number; readonly large: number; readonly least: Date | null }>>()
  })
  bySide.window(tumbling(minutes(1))).aggregate('e', topN(3, trade => trade.amount)).map(({ value }) => isSame<Same<typeof value, readonly Trade[]>>())
  bySide.aggregate('f', { create: () => 0, add: (total, trade) => total + trade.amount }).map(({ value }) => isSame<Same<typeof value, number>>())
  return {}
`),
  handlers: `
export const p = pipeline('p', ({ source }) => {
  const trades = source('trades', { codec: json<Trade>(), eventTime: trade => trade.at })
  const other = source('other', { codec: utf8, from: sqs() })
  const sides = trades.keyBy('side').window(hopping(hours(1), minutes(5))).sum('volume', trade => trade.amount)
  const words = other.keyBy('word', line => line.slice(1)).count('words')
  return { sides, top: sides.top('top', 3), words }
})
const all = handlers(p)
isSame<Same<keyof typeof all, 'trades' | 'other' | 'side' | 'top' | 'word'>>()
// @ts-expect-error there is no such stage
all.nothing
`,
  rows: inPipeline(`
  const bySide = trades.keyBy('side')
  bySide.count('a').map(row => isSame<Same<typeof row, { readonly key: 'B' | 'S'; readonly value: number }>>())
  bySide.max('b', trade => trade.at).map(({ value }) => isSame<Same<typeof value, Date>>())
  bySide.reduce('c', (a, b) => (a.amount > b.amount ? a : b)).map(({ value }) => isSame<Same<typeof value, Trade>>())
  const windowed = bySide.window(session(minutes(1))).count('d')
  windowed.map(({ key, window, value }) => {
    isSame<Same<typeof key, 'B' | 'S'>>()
    isSame<Same<typeof window, { readonly start: number; readonly end: number }>>()
    isSame<Same<typeof value, number>>()
  })
  windowed.top('e', 3).map(({ rank, key }) => isSame<Same<[typeof rank, typeof key], [number, 'B' | 'S']>>())
  const pairs = trades.keyBy('pair', trade => [trade.side, trade.amount] as const)
  pairs.count('f').map(({ key }) => isSame<Same<typeof key, readonly ['B' | 'S', number]>>())
  bySide.aggregate('g', { create: () => new Set<string>(), add: set => set, result: set => set.size })
    .map(({ value }) => isSame<Same<typeof value, number>>())
  return { windowed }
`),
  processes: inPipeline(`
  const bySide = trades.keyBy('side')
  const rules = trades.map(({ note, amount }) => ({ note: note ?? '', amount })).broadcast('side')
  const out = bySide.processWith('a', rules, {
    state: { last: value<Trade>({ ttl: minutes(1), by: 'arrival', renewOn: 'read' }) },
    broadcastState: { most: map<string, number>() },
    sides: { odd: sideOutput<Date>() },
    onBroadcast({ broadcast }, rule) {
      isSame<Same<typeof rule, { note: string; amount: number }>>()
      broadcast.most.set(rule.note, rule.amount)
    },
    *onRecord({ key, state, broadcast, sides }, trade) {
      isSame<Same<[typeof key, typeof trade], ['B' | 'S', Trade]>>()
      sides.odd(trade.at)
      state.last.set(trade)
      yield { most: broadcast.most.get(trade.note ?? '') }
    },
    onTimer: (_, { name }) => [name],
  })
  out.map(value => isSame<Same<typeof value, { most: number | undefined } | string>>())
  out.side('odd').map(odd => isSame<Same<typeof odd, Date>>())
  bySide
    .joinBroadcast('b', rules, { rowKey: rule => rule.note, key: trade => trade.note ?? '' }, (trade, rule) => [trade, rule] as const, { type: 'left' })
    .map(joined => isSame<Same<typeof joined, readonly [Trade, { note: string; amount: number } | undefined]>>())
  bySide.joinBroadcast('c', rules, { rowKey: rule => rule.note, where: (trade, rule) => trade.amount > rule.amount }, (_, rule) => rule.amount)
    .map(joined => isSame<Same<typeof joined, number>>())
  const spread = bySide.spread('parts', 4, side => side.window(tumbling(minutes(1))).count('d'))
  spread.map(({ key, value }) => isSame<Same<[typeof key, typeof value], ['B' | 'S', number]>>())
  trades.global('one').count('e').map(({ key }) => isSame<Same<typeof key, 'all'>>())
  trades.rebalance('any').map(trade => isSame<Same<typeof trade, Trade>>())
  return { spread }
`),
  panes: inPipeline(`
  const windowed = trades.keyBy('side').window(tumbling(minutes(1)))
  const accumulating = windowed.count('a', { emit: panes({ early: { records: 10, arrivalTime: minutes(1), when: 'all' } }) })
  accumulating.map(row => isSame<Same<typeof row.pane, Pane>>())
  const retracting = windowed.max('b', trade => trade.at, { emit: panes({ accumulation: 'retracting' }) })
  retracting.map(({ key, value, pane }) =>
    isSame<Same<[typeof key, typeof value, typeof pane], ['B' | 'S', Date, RetractingPane]>>())
  const emit = panes({ late: { records: 2 }, accumulation: 'discarding' })
  windowed.aggregate('c', { create: () => 0, add: n => n + 1, merge: (a, b) => a + b }, { emit })
    .map(({ value, pane }) => isSame<Same<[typeof value, typeof pane.timing], [number, 'early' | 'onTime' | 'late']>>())
  return { accumulating, top: accumulating.top('top', 3) }
`),
  streams: inPipeline(`
  const { buys, large, rest } = trades.branch({
    buys: (trade): trade is Trade & { side: 'B' } => trade.side === 'B',
    large: trade => trade.amount > 5,
    rest: () => true,
  })
  buys.map(trade => isSame<Same<typeof trade.side, 'B'>>())
  large.map(trade => isSame<Same<typeof trade, Trade>>())
  trades.filter((trade): trade is Trade & { note: string } => trade.note !== undefined)
    .map(({ note }) => isSame<Same<typeof note, string>>())
  buys.union(rest.map(trade => trade.amount)).map(value => isSame<Same<typeof value, number | (Trade & { side: 'B' })>>())
  const split = trades.flatMap((trade, side: { odd(value: number): void }) => {
    side.odd(trade.amount)
    return [trade.side]
  }, { sides: { odd: sideOutput<number>() } })
  split.side('odd').map(value => isSame<Same<typeof value, number>>())
  split.map(value => isSame<Same<typeof value, 'B' | 'S'>>())
  const late = trades.keyBy('side').window(globalWindow()).lateTo('late').count('n')
  late.side('late').map(trade => isSame<Same<typeof trade, Trade>>())
  return { late, out: split.map(side => String(side)).toStream('out', utf8) }
`),
  outputs: inPipeline(`
  const sums = trades.map(({ amount, note }) => ({ amount, note }))
  return {
    table: sums.toFiles(parquet({ amount: column.float, note: column.optional(column.text) })),
    lines: trades.toFiles(json()),
    printed: trades.to(consoleSink()),
    kept: trades.to(memorySink<Trade>()),
    posted: trades.to(httpSink({ url: 'https://example.com/', batch: 10 })),
    sent: trades.to(sqsSink({ queueUrl: 'q.fifo', codec: json<Trade>(), groupBy: trade => trade.side })),
  }
`),
  lookups: inPipeline(`
  const one = trades.lookup('one', {
    key: trade => trade.side,
    fetch: async (side, { signal }) => {
      isSame<Same<typeof side, 'B' | 'S'>>()
      isSame<Same<typeof signal, AbortSignal>>()
      return side === 'B' ? { rate: 1 } : undefined
    },
    cache: { most: 10_000, ttl: minutes(5) },
    orElse: (side, error) => ({ rate: error.name === 'TimeoutError' ? 2 : 3 }),
  }, (trade, found) => {
    isSame<Same<typeof found, { rate: number } | undefined>>()
    return { ...trade, rate: found?.rate }
  })
  one.map(({ rate, side }) => isSame<Same<[typeof rate, typeof side], [number | undefined, 'B' | 'S']>>())
  const all = trades.lookup('all', {
    key: ({ note }) => note,
    fetchAll: async notes => {
      isSame<Same<typeof notes, readonly string[]>>()
      return new Map(notes.map(note => [note, note.length]))
    },
    keysPerCall: 50,
  }, (trade, length) => {
    isSame<Same<typeof length, number | undefined>>()
    return length ?? 0
  })
  const list = trades.keyBy('side').count('n').lookup('list', {
    key: row => row.key,
    fetchAll: keys => keys.map(key => (key === 'B' ? true : undefined)),
  }, (row, found) => {
    isSame<Same<typeof found, true | undefined>>()
    return row.value
  })
  list.map(value => isSame<Same<typeof value, number>>())
  return { all: all.map(length => String(length)).toStream('out', utf8) }
`),
}

const cases = {
  ...Object.fromEntries(
    Object.entries(needsKey).map(([name, call]) => [`key-${name}`, inPipeline(`return { n: trades.${call} }`)]),
  ),
  ...Object.fromEntries(Object.entries(refused).map(([name, body]) => [`refused-${name}`, inPipeline(body)])),
  ...accepted,
}

const wrong = compile(cases)

for (const name of Object.keys(needsKey)) {
  test(`${name} without keyBy does not compile, and the error is a sentence that says so`, () => {
    assert.match(wrong[`key-${name}`], new RegExp(`Call keyBy\\(...\\) before ${name}: `))
  })
}

for (const name of Object.keys(refused)) {
  test(`types refuse ${name.replaceAll('-', ' ')}`, () => {
    assert.match(wrong[`refused-${name}`], /error TS/)
  })
}

for (const name of Object.keys(accepted)) {
  test(`types of ${name} are inferred`, () => {
    assert.equal(wrong[name], '')
  })
}
