import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const here = fileURLToPath(new URL('.', import.meta.url))
const compiler = fileURLToPath(new URL('../../node_modules/.bin/tsc', import.meta.url))

const preamble = `
import { globalWindow, hopping, hours, json, minutes, pipeline, session, sideOutput, tumbling, utf8 } from '../../../shared/index.ts'
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
}

const refused: Record<string, string> = {
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
  'plain-number': "return { n: trades.keyBy('side').window(tumbling(60_000)).count('n') }",
}

const accepted: Record<string, string> = {
  handlers: `
export const p = pipeline('p', ({ source }) => {
  const trades = source('trades', { codec: json<Trade>(), eventTime: trade => trade.at })
  const other = source('other', { codec: utf8 })
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
