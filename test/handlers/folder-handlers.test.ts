import assert from 'node:assert/strict'
import { beforeEach, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { column, csvFile, parquet } from 'millrace/files'
import { handlers } from 'millrace/lambda'
import { drive, filesEvent, lambdaContext, resetTestCloud, TestCloud, testCloud } from 'millrace/testing'
import { interceptPorts, type PortCall } from '../../local/cloud/intercept-ports.ts'
import { lambdaContext as contextOf } from '../../local/functions/lambda-context.ts'
import { Random } from '../../local/simulator/random.ts'
import { csv, files, int, json, milliseconds, pipeline, text, tumbling } from '../../shared/index.ts'
import { describe } from '../../shared/plan/describe.ts'

type Sale = { readonly shop: string; readonly cents: number }

const sales = pipeline(
  'sales',
  ({ source }) => {
    const read = source('sales', {
      codec: csv({ shop: text, cents: int }, { header: true }),
      from: files({ folder: 'incoming' }),
      eventTime: sale => sale.cents,
    })
    const perShop = read.keyBy('shop')
    return {
      totals: perShop.sum('totals', sale => sale.cents),
      windows: perShop.window(tumbling(milliseconds(10))).count('windows'),
    }
  },
  { keyGroups: 2 },
)
const { sales: reader, shop } = handlers(sales)

const totals = async (): Promise<Record<string, number>> => {
  await testCloud(sales).deliver('shop', shop)
  return Object.fromEntries((await testCloud(sales).rows('totals')).map(({ key, value }) => [key, value]))
}

beforeEach(resetTestCloud)

test('files are read in the order of their names, each once, and new ones as they come', async () => {
  const cloud = testCloud(sales)
  cloud.putFile('sales', 'b.csv', 'shop,cents\ny,10\nx,2\n')
  cloud.putFile('sales', 'a.csv', 'cents,shop\n1,x\n')
  assert.deepEqual(await reader(filesEvent(), lambdaContext()), { batchItemFailures: [] })
  assert.deepEqual(await totals(), { x: 3, y: 10 })
  await reader(filesEvent(), lambdaContext())
  testCloud().evict()
  cloud.putFile('sales', 'c/1.csv', 'shop,cents\nz,100')
  await reader(filesEvent(), lambdaContext())
  await reader(filesEvent(), lambdaContext())
  assert.deepEqual(await totals(), { x: 3, y: 10, z: 100 })
})

test('hidden files are left out, compressed ones read, and a file below the last one is not', async () => {
  const cloud = testCloud(sales)
  cloud.putFile('sales', '_SUCCESS', 'none')
  cloud.putFile('sales', 'b.csv.gz', gzipSync('shop,cents\ny,10\n'))
  cloud.putFile('sales', 'c/.part', 'none')
  await reader(filesEvent(), lambdaContext())
  cloud.putFile('sales', 'a.csv', 'shop,cents\nx,1\n')
  await reader(filesEvent(), lambdaContext())
  assert.deepEqual(await totals(), { y: 10 })
  assert.deepEqual(await cloud.deadLetters(), [])
})

test('the folder is one shard: its watermark is that of the lines read', async () => {
  const cloud = testCloud(sales)
  cloud.putFile('sales', 'a.csv', 'shop,cents\nx,1\nx,12\n')
  await reader(filesEvent(), lambdaContext())
  await cloud.deliver('shop', shop)
  assert.deepEqual(
    (await cloud.rows('windows')).map(({ key, window, value }) => [key, window.start, value]),
    [['x', 0, 1]],
  )
})

test('what is no record becomes a letter with its file and line, and what follows is read', async () => {
  const cloud = testCloud(sales)
  cloud.putFile('sales', 'a.csv', 'shop,cents\nx,none\nx,1\nx\n')
  cloud.putFile('sales', 'b.csv', 'shop\nx\n')
  cloud.putFile('sales', 'c.csv.gz', 'shop,cents\nx,1000\n')
  cloud.putFile('sales', 'd.csv', 'shop,cents\nx,20\n')
  await reader(filesEvent(), lambdaContext())
  await reader(filesEvent(), lambdaContext())
  assert.deepEqual(await totals(), { x: 21 })
  const letters = (await cloud.deadLetters()).map(({ partitionKey, reason }) => `${partitionKey} ${reason}`)
  assert.deepEqual(letters.sort(), [
    'a.csv:2 Cannot read column 2 "cents": found "none", expected a whole number',
    'a.csv:4 Cannot read the line: found 1 column, expected 2',
    'b.csv:1 Cannot read the header: found "shop" without "cents", expected "shop", "cents"',
    'c.csv.gz:1 Cannot decompress: found incorrect header check, expected gzip as the name says',
  ])
})

test('a file that changes while it is read stops the source, and one that is removed is let go with a letter', async () => {
  const cloud = testCloud(sales)
  const line = 'shop-with-a-name,1\n'
  const lines = 200_000
  cloud.putFile('sales', 'a.csv', `shop,cents\n${line.repeat(lines)}`)
  let reads = 0
  const ports = interceptPorts(testCloud().ports, (call, effect) => {
    if (call.port === 'sourceFiles' && call.method === 'read') reads++
    return effect()
  })
  await reader(
    filesEvent(),
    contextOn(ports, () => (reads < 3 ? 60_000 : 0)),
  )
  const half = (await totals())['shop-with-a-name']
  assert.ok(half > 0 && half < lines, `${half} lines`)
  testCloud().nowMs += 60_000
  cloud.putFile('sales', 'a.csv', `shop,cents\n${line}`)
  await assert.rejects(async () => reader(filesEvent(), lambdaContext()), {
    name: 'StopDeploymentError',
    message: /^Cannot go on with file "a.csv" of source "sales": it changed since it was begun, put it back/,
  })
  cloud.removeFile('sales', 'a.csv')
  cloud.putFile('sales', 'b.csv', 'shop,cents\ny,1\n')
  await reader(filesEvent(), lambdaContext())
  assert.equal((await totals()).y, 1)
  const [letter] = await cloud.deadLetters()
  assert.match(letter.reason, /^the file was removed when \d+ of its lines had been read$/)
})

test('files of a format: each value is a record, whatever it holds', async () => {
  const format = parquet({ id: column.bigint, at: column.timestamp })
  const big = pipeline('big', ({ source }) => {
    const rows = source('rows', { from: files({ folder: 'rows', format }), eventTime: ({ at }) => at })
    return { counts: rows.keyBy('id', ({ id }) => String(id)).count('counts') }
  })
  const { rows, id } = handlers(big)
  const at = 5
  testCloud(big).putFile(
    'rows',
    '1.parquet',
    format.encode([
      { id: 2n ** 60n, at },
      { id: 1n, at },
      { id: 1n, at },
    ]),
  )
  testCloud(big).putFile('rows', '2.parquet', 'none')
  await rows(filesEvent(), lambdaContext())
  await testCloud(big).deliver('id', id)
  assert.deepEqual(await testCloud(big).rows('counts'), [
    { key: '1', value: 2 },
    { key: String(2n ** 60n), value: 1 },
  ])
  const [letter] = await testCloud(big).deadLetters()
  assert.match(letter.reason, /^Cannot read the file: expected parquet/)

  const run = drive(big)
  await run.rows.push({ id: 7n, at })
  assert.deepEqual(run.counts.rows(), [{ key: '7', value: 1 }])
})

test('a format whose values the codec keeps otherwise', async () => {
  const program = pipeline('program', ({ source }) => {
    const rows = source('rows', {
      codec: json<Sale>(),
      from: files({ folder: 'rows', format: csvFile({ shop: text, cents: int }) }),
    })
    return { totals: rows.keyBy('shop').sum('totals', sale => sale.cents) }
  })
  const { rows, shop } = handlers(program)
  testCloud(program).putFile('rows', '1.csv', 'shop,cents\nx,1\nx,2\n')
  await rows(filesEvent(), lambdaContext())
  await testCloud(program).deliver('shop', shop)
  assert.deepEqual(await testCloud(program).rows('totals'), [{ key: 'x', value: 3 }])
})

test('while one invocation reads, another has nothing to do, until the first is taken for dead', async () => {
  const cloud = testCloud(sales)
  cloud.putFile('sales', 'a.csv', 'shop,cents\nx,1\n')
  const held = new TestCloud()
  held.embedded.sourceFiles.put('incoming', 'a.csv', Buffer.from('shop,cents\nx,1\n'), 0)
  let inside = 0
  const ports = interceptPorts(held.ports, async (call, effect) => {
    // The second invocation begins in the midst of the first.
    if (call.port === 'sourceFiles' && call.method === 'read' && inside++ === 0) {
      await reader(filesEvent(), contextOn(held.ports))
      assert.deepEqual(held.embedded.streams.describe('shop').length, 1)
    }
    return effect()
  })
  held.createStream('shop')
  await reader(filesEvent(), contextOn(ports))
  assert.equal(inside, 3, 'header, lines and end of the file were read once')
})

test('a crash at any call, before it or after it, counts each line of each file once', async () => {
  const names = ['1.csv', '2.csv.gz', '3.csv']
  const contents = names.map((name, i) => {
    const content = `shop,cents\n${Array.from({ length: 5 }, (_, line) => `"s\n${line % 2}",${10 ** i}\n`).join('')}`
    return name.endsWith('.gz') ? gzipSync(content) : Buffer.from(content)
  })
  const run = async (crashAt: number, isAfter: boolean): Promise<number> => {
    const cloud = new TestCloud()
    cloud.createStream('sales-shop')
    let calls = 0
    const crash = async <T>(call: PortCall, effect: () => Promise<T>): Promise<T> => {
      if (call.port === 'clock' || calls++ !== crashAt) return effect()
      if (isAfter) await effect()
      throw new Error('crash')
    }
    const own = handlers(sales)
    const ports = interceptPorts(cloud.ports, crash)
    for (const [i, name] of names.entries()) {
      cloud.embedded.sourceFiles.put('incoming', name, contents[i], i)
      if (i === 0) continue
      await own.sales(filesEvent(), contextOn(ports)).catch((error: Error) => assert.equal(error.message, 'crash'))
      cloud.nowMs += 60_000
    }
    await own.sales(filesEvent(), contextOn(ports)).catch((error: Error) => assert.equal(error.message, 'crash'))
    cloud.nowMs += 60_000
    await own.sales(filesEvent(), contextOn(cloud.ports))
    const ofSales = cloud.of(sales)
    await ofSales.deliver('shop', own.shop)
    assert.deepEqual(
      (await ofSales.rows('totals')).map(({ key, value }) => [key, value]),
      [
        ['s\n0', 333],
        ['s\n1', 222],
      ],
      `crash ${isAfter ? 'after' : 'before'} call ${crashAt}`,
    )
    return calls
  }
  const calls = await run(Number.POSITIVE_INFINITY, false)
  assert.ok(calls > 20, `${calls} calls`)
  for (let at = 0; at < calls; at++) for (const isAfter of [false, true]) await run(at, isAfter)
})

test('two readers at once, each cut short at random, count each line of each file once, whatever files come meanwhile', async () => {
  for (let seed = 1; seed <= 60; seed++) {
    const random = new Random(seed)
    const cloud = new TestCloud()
    cloud.createStream('sales-shop')
    const readers = [handlers(sales), handlers(sales)]
    const put = new Map<number, { readonly lines: number; readonly mayBeLeft: boolean }>()
    const putFile = (): void => {
      const name = random.below(100)
      if (put.has(name)) return
      const lines = 1 + random.below(12)
      const highest = Math.max(-1, ...put.keys())
      put.set(name, { lines, mayBeLeft: name < highest })
      const content = `shop,cents\n${`f${name},1\n`.repeat(lines)}`
      cloud.embedded.sourceFiles.put('incoming', `${String(name).padStart(2, '0')}.csv`, Buffer.from(content), 1)
    }
    const read = ({ sales: each }: (typeof readers)[number]): Promise<unknown> => {
      let left = random.chance(0.5) ? 1 + random.below(12) : Number.POSITIVE_INFINITY
      const ports = interceptPorts(cloud.ports, async (call, effect) => {
        if (call.port !== 'clock' && random.chance(0.1)) putFile()
        for (let turns = random.below(4); turns > 0; turns--) await null
        return effect()
      })
      // Each is taken for dead at once.
      cloud.nowMs += 60_000
      const alone = { ...ports, clock: { ...ports.clock, now: () => cloud.nowMs } }
      return each(
        filesEvent(),
        contextOn(alone, () => (left-- > 0 ? 1_000 : 0)),
      ).catch((error: Error) => error.message)
    }
    for (let round = 0; round < 8; round++) {
      putFile()
      await Promise.all(readers.map(read))
    }
    cloud.nowMs += 60_000
    await readers[0].sales(filesEvent(), contextOn(cloud.ports))
    const ofSales = cloud.of(sales)
    await ofSales.deliver('shop', readers[0].shop)
    const counts = new Map((await ofSales.rows('totals')).map(({ key, value }) => [key, value]))
    for (const [name, { lines, mayBeLeft }] of put) {
      const found = counts.get(`f${name}`) ?? 0
      assert.ok(found === lines || (mayBeLeft && found === 0), `seed ${seed}: file ${name} counts ${found} of ${lines}`)
    }
  }
})

test('a file that comes while another is begun takes nothing of its number', async () => {
  const run = async (crashAt: number): Promise<number> => {
    const cloud = new TestCloud()
    cloud.createStream('sales-shop')
    const own = handlers(sales)
    let calls = 0
    const ports = interceptPorts(cloud.ports, async (call, effect) => {
      if (call.port !== 'clock' && calls++ === crashAt) {
        await effect()
        throw new Error('crash')
      }
      return effect()
    })
    cloud.embedded.sourceFiles.put('incoming', '3.csv', Buffer.from('shop,cents\nx,1\nx,1\n'), 1)
    await own.sales(filesEvent(), contextOn(ports)).catch((error: Error) => assert.equal(error.message, 'crash'))
    cloud.embedded.sourceFiles.put('incoming', '2.csv', Buffer.from('shop,cents\ny,1\ny,1\ny,1\n'), 1)
    cloud.nowMs += 60_000
    await own.sales(filesEvent(), contextOn(cloud.ports))
    const ofSales = cloud.of(sales)
    await ofSales.deliver('shop', own.shop)
    const { x, y = 0 } = Object.fromEntries((await ofSales.rows('totals')).map(({ key, value }) => [key, value]))
    assert.equal(x, 2, `crash after call ${crashAt}`)
    assert.ok(y === 0 || y === 3, `crash after call ${crashAt}: ${y}`)
    return calls
  }
  const calls = await run(Number.POSITIVE_INFINITY)
  for (let at = 0; at < calls; at++) await run(at)
})

test('explain says where the source reads, and names that are no folder are refused', () => {
  const [stage] = describe(sales.plan).stages
  assert.equal(stage.kind, 'logged')
  assert.equal(
    stage.reads.kind === 'source' && stage.reads.from,
    'files of folder "incoming", in the order of their names, each once',
  )
  for (const folder of ['', '/incoming', 'incoming/', 'a/../b', 'a//b']) {
    assert.throws(() => files({ folder }), {
      name: 'ConfigurationError',
      message: /^Cannot read files: the folder is "/,
    })
  }
})

const contextOn = (ports: TestCloud['ports'], remainingMs = () => 60_000) =>
  contextOf({ host: { ports, isQuiet: true, report: () => {} }, functionName: 'sales', remainingMs })
