import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { bareOrders, type OrdersViews } from '../../bench/bare-orders.ts'
import {
  blockLines,
  generateOrders,
  maximumDisorderMs,
  type OrdersSpec,
  writeOrders,
} from '../../functions/orders/generate.ts'
import { ordersOracle } from './orders-oracle.ts'

let folder = ''
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'orders-'))
})
after(() => rm(folder, { recursive: true, force: true }))

describe('generateOrders()', () => {
  test('the same seed gives the same bytes, on any machine', () => {
    const hash = hashOf({ count: 20_000, seed: 7 })
    assert.equal(hashOf({ count: 20_000, seed: 7 }), hash)
    assert.equal(hash, '43da06640e5dd77512909b2c1f9aa5daa0ab0487460589151e3cff47a40168f3')
  })

  test('another seed gives other bytes', () => {
    const hashes = [7, 8, -7, 7 + 2 ** 32].map(seed => hashOf({ count: 20_000, seed }))
    assert.equal(new Set(hashes).size, hashes.length)
  })

  test('a smaller count is the beginning of a greater one', () => {
    const longer = bytesOf({ count: 12_345, seed: 7 })
    const shorter = bytesOf({ count: 7_001, seed: 7 })
    assert.deepEqual(shorter, longer.subarray(0, shorter.length))
  })

  test('a count of 0 gives no bytes', () => {
    assert.deepEqual([...generateOrders({ count: 0, seed: 7 })], [])
  })

  test('a count or seed that is not a whole number is refused before the first block', () => {
    assert.throws(() => generateOrders({ count: -1, seed: 7 }), {
      name: 'RangeError',
      message: 'Cannot generate orders: count -1 is not a whole number of 0 or more',
    })
    assert.throws(() => generateOrders({ count: 1, seed: 0.5 }), {
      name: 'RangeError',
      message: 'Cannot generate orders: seed 0.5 is not a whole number',
    })
  })

  test('each whole block of 5,000 lines holds exactly one malformed line', () => {
    const lines = linesOf({ count: 20 * blockLines, seed: 7 })
    for (let from = 0; from < lines.length; from += blockLines) {
      const malformed = lines.slice(from, from + blockLines).filter(line => !isTrade(line))
      assert.equal(malformed.length, 1, `lines from ${from + 1}: ${JSON.stringify(malformed)}`)
    }
  })

  test('lines are malformed in various ways, bytes that are not UTF-8 and an empty line among them', () => {
    const malformed = linesOf({ count: 20 * blockLines, seed: 7 }).filter(line => !isTrade(line))
    assert.ok(malformed.includes(''))
    assert.ok(malformed.some(line => line.startsWith('\xff')))
    assert.ok(malformed.some(line => line.includes(',CAF\xe9,')))
    for (const columns of [1, 6, 7, 8]) {
      assert.ok(
        malformed.some(line => line.split(',').length === columns),
        `none of ${columns} columns`,
      )
    }
    assert.ok(malformed.every(line => !/["\r\0]/.test(line)))
  })

  test('order ids count the lines from 1', () => {
    linesOf({ count: 12_000, seed: 7 }).forEach((line, i) => {
      if (isTrade(line)) assert.equal(line.split(',')[1], String(i + 1))
    })
  })

  test('no trade is more than 5 s behind the latest before it, and about one in twenty is behind at all', () => {
    const trades = tradesOf({ count: 100_000, seed: 7 })
    const behindMs = new Set<number>()
    let latestMs = -Infinity
    let outOfOrder = 0
    for (const { timeMs } of trades) {
      if (timeMs < latestMs) {
        outOfOrder++
        behindMs.add(latestMs - timeMs)
      }
      latestMs = Math.max(latestMs, timeMs)
    }
    assert.deepEqual([...behindMs].sort(), [1_000, 2_000, 3_000, 4_000, maximumDisorderMs])
    assertBetween(outOfOrder / trades.length, 0.04, 0.06)
  })

  test('event time has 100 to 1,000 trades a second, at a rate that drifts', () => {
    for (const seed of [7, 8, 9]) {
      const rates = Map.groupBy(tradesOf({ count: 300_000, seed }), trade => trade.timeMs)
      const complete = [...rates.keys()].sort((a, b) => a - b).slice(0, -6)
      const perSecond = complete.map(timeMs => rates.get(timeMs)?.length ?? 0)
      assert.equal(complete.at(-1), complete[0]! + 1_000 * (complete.length - 1))
      assert.ok(Math.min(...perSecond) >= 100, `seed ${seed}: ${Math.min(...perSecond)} a second`)
      assert.ok(Math.max(...perSecond) <= 1_000, `seed ${seed}: ${Math.max(...perSecond)} a second`)
      assert.ok(Math.max(...perSecond) > 2 * Math.min(...perSecond))
    }
  })

  test('trades are of clients 1 to 100 and of 100 symbols, the most popular with a fifth of the trades', () => {
    const trades = tradesOf({ count: 200_000, seed: 7 })
    assert.deepEqual(
      [...new Set(trades.map(trade => trade.clientId))].sort((a, b) => a - b),
      Array.from({ length: 100 }, (_, i) => i + 1),
    )
    const symbols = Map.groupBy(trades, trade => trade.symbol)
    const popularity = Array.from(symbols.values(), ({ length }) => length / trades.length).sort((a, b) => b - a)
    assert.equal(symbols.size, 100)
    assertBetween(popularity[0]!, 0.18, 0.21)
    assertBetween(popularity[1]!, 0.09, 0.105)
    assertBetween(popularity[99]!, 0.001, 0.003)
  })

  test("a symbol's price walks in small steps and amounts are 1 to 1,000", () => {
    const trades = tradesOf({ count: 100_000, seed: 7 })
    const priceOf = new Map<string, number>()
    for (const { symbol, price, amount } of trades) {
      const last = priceOf.get(symbol) ?? price
      // A malformed line may lie between: two steps of a thousandth, each at least a cent
      assertBetween(price, last - 0.02 - last * 0.003, last + 0.02 + last * 0.003)
      assertBetween(amount, 1, 1_000)
      priceOf.set(symbol, price)
    }
  })
})

describe('writeOrders()', () => {
  test('writes the generated bytes, tells its progress and leaves nothing else behind', async () => {
    const file = join(folder, 'written.csv')
    const progress: number[] = []
    const written = await writeOrders(file, { count: 12_000, seed: 7, onProgress: ({ lines }) => progress.push(lines) })
    assert.deepEqual(await readFile(file), bytesOf({ count: 12_000, seed: 7 }))
    assert.deepEqual(written, { lines: 12_000, bytes: (await stat(file)).size })
    assert.deepEqual(progress, [5_000, 10_000, 12_000])
    assert.deepEqual(await readdir(folder), ['written.csv'])
  })

  test("rejects with the file system's error when the folder is not there", async () => {
    const path = join(folder, 'missing', 'orders.csv')
    await assert.rejects(writeOrders(path, { count: 10, seed: 7 }), { code: 'ENOENT' })
  })

  test('leaves the file that was there and no partial one when it fails halfway', async () => {
    const file = join(folder, 'kept.csv')
    await writeFile(file, 'kept')
    const fail = () => {
      throw new Error('halfway')
    }
    await assert.rejects(writeOrders(file, { count: 12_000, seed: 7, onProgress: fail }), /halfway/)
    assert.equal(await readFile(file, 'utf8'), 'kept')
    assert.deepEqual(
      (await readdir(folder)).filter(name => name.endsWith('.partial')),
      [],
    )
  })
})

describe('ordersOracle() and bareOrders()', () => {
  test('agree on 100,000 generated trades', async () => {
    const file = join(folder, 'agree.csv')
    await writeOrders(file, { count: 100_000, seed: 7 })
    const oracle = await ordersOracle(file)
    const bare = bareOrders(file)
    assert.deepEqual(
      { read: oracle.read, malformed: oracle.malformed, late: oracle.late },
      { read: 100_000, malformed: 20, late: 0 },
    )
    assert.deepEqual({ records: bare.records, malformed: bare.malformed }, { records: 100_000, malformed: 20 })
    assertSameViews(bare.views, oracle.views)
  })

  test('agree with sums worked out by hand', async () => {
    const file = join(folder, 'by-hand.csv')
    await writeFile(file, byHand)
    const oracle = await ordersOracle(file)
    const bare = bareOrders(file)
    assert.deepEqual({ read: oracle.read, malformed: oracle.malformed }, { read: 14, malformed: 8 })
    assert.deepEqual({ records: bare.records, malformed: bare.malformed }, { records: 14, malformed: 8 })
    for (const views of [oracle.views, bare.views]) {
      assert.deepEqual(views.sides, [
        { key: 'B', window: { start: at('20:24'), end: at('20:25') }, value: 1 },
        { key: 'B', window: { start: at('20:25'), end: at('20:26') }, value: 2 },
        { key: 'S', window: { start: at('20:25'), end: at('20:26') }, value: 2 },
        { key: 'S', window: { start: at('20:26'), end: at('20:27') }, value: 1 },
      ])
      assert.deepEqual(views.totals, [
        { key: 'B', value: 3 },
        { key: 'S', value: 3 },
      ])
      assert.deepEqual(views.topClients, [
        { rank: 1, key: 80, value: 1_100 },
        { rank: 2, key: 9, value: 500 },
        { rank: 3, key: 10, value: 500 },
        { rank: 4, key: -1, value: -2.5 },
      ])
      // 12 windows hold 20:24, 12 hold 20:25 and 20:26: together 13
      assert.equal(new Set(views.topSymbols.map(row => row.window.start)).size, 13)
      assert.deepEqual(
        views.topSymbols.filter(row => row.window.start === at('20:00')),
        [
          { key: 'EPE', value: 150 },
          { key: 'Ångström', value: 20 },
          { key: '😀', value: 10 },
          { key: '\uffee', value: 10 },
          { key: '', value: 5 },
        ].map((row, i) => ({ window: { start: at('20:00'), end: at('21:00') }, rank: i + 1, ...row })),
      )
    }
  })

  test('agree on files that are empty or hold only newlines', async () => {
    for (const [text, records] of [
      ['', 0],
      ['\ufeff', 0],
      ['\n', 1],
      ['\r\n\n', 2],
    ] as const) {
      const file = join(folder, 'empty.csv')
      await writeFile(file, text)
      const { read, malformed, views } = await ordersOracle(file)
      assert.deepEqual({ read, malformed, views }, { read: records, malformed: records, views: noViews })
      const bare = bareOrders(file)
      assert.deepEqual({ ...bare, seconds: 0 }, { records, malformed: records, views: noViews, seconds: 0 })
    }
  })

  test('take lines longer than a block and cut nothing at block ends', async () => {
    const file = join(folder, 'long.csv')
    const trade = '2016-03-22 20:25:28,1,80,EPE,710,51.00,B\n'
    await writeFile(file, `${trade.repeat(40_000)}${'x'.repeat(3_000_000)}\n${trade}`)
    const oracle = await ordersOracle(file)
    const bare = bareOrders(file)
    assert.deepEqual({ read: oracle.read, malformed: oracle.malformed }, { read: 40_002, malformed: 1 })
    assert.deepEqual({ records: bare.records, malformed: bare.malformed }, { records: 40_002, malformed: 1 })
    assert.deepEqual(oracle.views.totals, [{ key: 'B', value: 40_001 }])
    assert.deepEqual(bare.views.totals, [{ key: 'B', value: 40_001 }])
  })
})

describe('ordersOracle()', () => {
  test('counts as late what is further behind the latest trade before it than allowed', async () => {
    const file = join(folder, 'late.csv')
    const times = ['20:25:10', '20:25:05', '20:25:04', '20:25:20', '20:25:14', '20:25:15', '20:25:30']
    await writeFile(file, times.map((time, i) => `2016-03-22 ${time},${i},1,EPE,1,1.00,B\n`).join(''))
    assert.equal((await ordersOracle(file)).late, 2)
    assert.equal((await ordersOracle(file, { lateAfterMs: 4_000 })).late, 4)
    assert.equal((await ordersOracle(file, { lateAfterMs: 6_000 })).late, 0)
  })

  test('refuses a price that it cannot hold exactly', async () => {
    const file = join(folder, 'inexact.csv')
    await writeFile(file, '2016-03-22 20:25:28,1,80,EPE,710,0.0000001,B\n')
    await assert.rejects(ordersOracle(file), {
      name: 'RangeError',
      message: `Cannot evaluate "${file}": 1 prices do not fit DECIMAL(18, 6), whole parts have up to 12 digits and decimals up to 6`,
    })
  })
})

/** Ties, other alphabets, CRLF, a byte order mark, no newline at the end, and one line for each strict rule. */
const byHand = Buffer.concat([
  Buffer.from(
    [
      '\ufeff2016-03-22 20:25:00,1,80,EPE,100,10,B\r',
      '2016-03-22 20:25:59,2,80,EPE,50,2.00,S',
      '2016-03-22 20:24:59,3,10,Ångström,20,25.00,B',
      '2016-03-22 20:25:28,4,9,\uffee,10,50.00,S',
      '2016-03-22 20:25:28,5,9,😀,10,0.0,B',
      '2015-02-29 20:25:28,6,80,EPE,710,51.00,B',
      '2016-03-22 20:25:28,7,80,EPE,+10,51.00,B',
      '2016-03-22 20:25:28,8,80,EPE,10,51.,B',
      '2016-03-22 20:25:28,9,80,EPE,10,.5,B',
      '2016-03-22 20:25:28,10,9007199254740992,EPE,10,51.00,B',
      '2016-03-22T20:25:28,11,80,EPE,10,51.00,B',
      '2016-03-22 20:25:28,12,80,EPE,10,51.00,B ',
      '',
    ].join('\n'),
  ),
  Buffer.from('2016-03-22 20:25:28,13,80,CAF\xe9,10,51.00,B\n', 'latin1'),
  Buffer.from('2016-03-22 20:26:00,14,-1,,5,-0.50,S'),
])

const noViews: OrdersViews = { sides: [], totals: [], topClients: [], topSymbols: [] }

/** Clients' turnovers are sums of floating-point products on one side, exact on the other. */
function assertSameViews(actual: OrdersViews, expected: OrdersViews): void {
  const { topClients: actualClients, ...actualCounts } = actual
  const { topClients: expectedClients, ...expectedCounts } = expected
  assert.deepEqual(actualCounts, expectedCounts)
  assert.deepEqual(
    actualClients.map(({ rank, key }) => ({ rank, key })),
    expectedClients.map(({ rank, key }) => ({ rank, key })),
  )
  actualClients.forEach(({ value }, i) => {
    const exact = expectedClients[i]!.value
    assertBetween(value, exact * (1 - 1e-12), exact * (1 + 1e-12))
  })
}

function assertBetween(value: number, lowest: number, highest: number): void {
  assert.ok(lowest <= value && value <= highest, `${value} is not between ${lowest} and ${highest}`)
}

const at = (minute: string): number => Date.parse(`2016-03-22T${minute}:00Z`)
const bytesOf = (spec: OrdersSpec): Buffer => Buffer.concat([...generateOrders(spec)])
const hashOf = (spec: OrdersSpec): string => createHash('sha256').update(bytesOf(spec)).digest('hex')
const linesOf = (spec: OrdersSpec): string[] => bytesOf(spec).toString('latin1').split('\n').slice(0, -1)

/** Whether a generated line is a trade as the generator promises them. */
function isTrade(line: string): boolean {
  const shape = /^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d),\d+,\d+,[A-Z]{3},\d+,\d+\.\d\d,[BS]$/.exec(line)
  if (shape === null) return false
  const iso = `${shape[1]!.replace(' ', 'T')}.000Z`
  return !Number.isNaN(Date.parse(iso)) && new Date(iso).toISOString() === iso
}

type Trade = { timeMs: number; clientId: number; symbol: string; amount: number; price: number }

function tradesOf(spec: OrdersSpec): Trade[] {
  return linesOf(spec)
    .filter(isTrade)
    .map(line => {
      const [timestamp, , clientId, symbol, amount, price] = line.split(',')
      return {
        timeMs: Date.parse(`${timestamp!.replace(' ', 'T')}Z`),
        clientId: Number(clientId),
        symbol: symbol!,
        amount: Number(amount),
        price: Number(price),
      }
    })
}
