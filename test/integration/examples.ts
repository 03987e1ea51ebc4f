import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { orders } from '../../functions/orders/pipeline.ts'
import { wordCount } from '../../functions/word-count/pipeline.ts'
import { Random } from '../../local/simulator/random.ts'
import { ordersOracle } from '../pipelines/orders-oracle.ts'
import { type HostileRunOptions, hostileRun } from './hostile-run.ts'

export type HostileExample = Omit<HostileRunOptions, 'pipeline' | 'lines'> & {
  /** Lines of input. */
  readonly count: number
}

/** Runs orders where all goes wrong, and compares its views with what DuckDB makes of the same lines. Answers what went wrong. */
export async function hostileOrders({ count, ...options }: HostileExample): Promise<string> {
  const lines = tradeLines(new Random(options.seed).fork('trades'), count)
  const folder = await mkdtemp(join(tmpdir(), 'millrace-hostile-'))
  try {
    const path = join(folder, 'trades.csv')
    await writeFile(path, `${lines.join('\n')}\n`)
    const expected = await ordersOracle(path)
    const { views, deadLetters, told } = await hostileRun({ ...options, pipeline: orders, lines })
    assert.deepEqual(views, expected.views, `seed ${options.seed}: ${told}`)
    assert.equal(deadLetters, expected.malformed, `seed ${options.seed}: ${told}`)
    return told
  } finally {
    await rm(folder, { recursive: true })
  }
}

/** Likewise word-count, compared with a plain loop. */
export async function hostileWordCount({ count, ...options }: HostileExample): Promise<string> {
  const random = new Random(options.seed).fork('words')
  const counts = new Map<string, number>()
  const lines = Array.from({ length: count }, () => {
    const line = Array.from({ length: random.between(0, 8) }, () => random.pick(words))
    for (const word of line) counts.set(word, (counts.get(word) ?? 0) + 1)
    return line.map(word => (random.chance(0.1) ? word.toUpperCase() : word)).join(random.pick([' ', ', ', '. ']))
  })
  const { views, told } = await hostileRun({ ...options, pipeline: wordCount, lines })
  const expected = [...counts].map(([key, value]) => ({ key, value })).sort((a, b) => (a.key < b.key ? -1 : 1))
  assert.deepEqual(views, { counts: expected }, `seed ${options.seed}: ${told}`)
  return told
}

const words = 'a the stream of records runs through many stages where each word is counted once and only once'
  .split(' ')
  .concat(Array.from({ length: 40 }, (_, i) => `word${i}`))

/** Trades over some minutes, a few seconds out of order, as the pipeline allows, and here and there a line that is no trade. */
function tradeLines(random: Random, count: number): string[] {
  let second = 0
  return Array.from({ length: count }, (_, i) => {
    if (random.chance(0.02)) return `no trade ${i}`
    second += random.below(4)
    const at = new Date(Date.UTC(2016, 2, 22, 20, 25, 28) + 1_000 * (second - random.below(4)))
    const time = at.toISOString().slice(0, 19).replace('T', ' ')
    // Quarters are exact in binary, so is every turnover.
    const price = `${random.between(1, 99)}.${random.pick(['00', '25', '50', '75'])}`
    const symbol = random.pick(['EPE', 'XYZ', 'ABC', 'QRS', 'TUV', 'KLM', 'NOP'])
    return `${time},${i},${random.between(80, 95)},${symbol},${random.between(1, 900)},${price},${random.pick(['B', 'S'])}`
  })
}
