import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { after, test } from 'node:test'
import { inputsFor } from '../../local/input/inputs.ts'
import { drive } from '../../local/testing/index.ts'
import { type Pipeline, pipeline, rate, socket, utf8 } from '../../shared/index.ts'
import { describe } from '../../shared/plan/describe.ts'
import { Kept } from './kept.ts'

const ticks = pipeline('ticks', ({ source }) => {
  const rows = source('rows', { from: rate({ perSecond: 200 }), eventTime: row => row.timestamp })
  return { digits: rows.keyBy('digit', row => row.value % 10).count('per-digit') }
})

/** Time that passes when somebody waits. */
function handedClock() {
  let ms = 0
  return {
    kind: 'served' as const,
    clock: {
      now: () => ms,
      sleep: async (pauseMs: number) => {
        ms += pauseMs
      },
    },
    dateMs: () => 1_767_225_600_000 + ms,
  }
}

const noHurry = async (): Promise<void> => {}
const never = new AbortController().signal

const inputOf = async ({ plan }: Pipeline<unknown, unknown>, kept: Kept, served = handedClock()) => {
  const [input] = await inputsFor(kept, plan, new Map(), served)
  await input.prepare()
  return input
}

test('a rate counts its rows as time passes, and counts on where it ended', async () => {
  const kept = new Kept()
  for (const rows of [100, 250]) {
    const stop = new AbortController()
    const input = await inputOf(ticks, kept)
    await input.load(async () => {
      if (kept.lines.length >= rows) stop.abort()
    }, stop.signal)
  }
  const rows: { timestamp: number; value: number }[] = kept.lines.map(line => JSON.parse(line.slice(line.indexOf(' '))))
  assert.deepEqual(
    rows.map(({ value }) => value),
    Array.from({ length: 250 }, (_, i) => i),
  )
  assert.equal(rows[100].timestamp - rows[0].timestamp, 0, 'the second session has a clock of its own')
  assert.equal(rows[99].timestamp - rows[0].timestamp, 450, '10 rows each 50 ms')
  assert.deepEqual(await inputsFor(kept, ticks.plan, new Map(), { kind: 'bounded' }), [])
})

test('in a test a rate is a stream like any other', async () => {
  const run = drive(ticks)
  await run.rows.push({ timestamp: 1, value: 3 }, { timestamp: 2, value: 13 })
  assert.deepEqual(run.digits.rows(), [{ key: 3, value: 2 }])
})

const servers: { close(): void }[] = []
after(() => {
  for (const server of servers) server.close()
})

/** A server that hands each connection over. */
async function listening(serve: (connection: Socket) => void): Promise<number> {
  const server = createServer(serve)
  servers.push(server)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

const words = (port: number) =>
  pipeline('words', ({ source }) => ({
    counts: source('lines', { codec: utf8, from: socket({ port }) })
      .keyBy('word', line => line)
      .count('counts'),
  }))

test('the lines that a server sends are records, numbered through all sessions, until it ends', async () => {
  const port = await listening(connection => {
    connection.write('first li')
    setTimeout(() => connection.end('ne\nsecond\nlast'), 30)
  })
  const kept = new Kept()
  for (let session = 0; session < 2; session++) await (await inputOf(words(port), kept)).load(noHurry, never)
  assert.deepEqual(
    kept.lines,
    ['first line', 'second', 'last', 'first line', 'second', 'last'].map(
      (line, i) => `127.0.0.1-${port}:${i + 1} ${line}`,
    ),
  )
})

test('a session that ends leaves the server, and a line that is no record is a letter', async () => {
  const stop = new AbortController()
  const closed = Promise.withResolvers<void>()
  const port = await listening(connection => {
    connection.on('error', () => {}).on('close', () => closed.resolve())
    connection.write(`${'x'.repeat(2 ** 20)}\nnext\n`)
  })
  const kept = new Kept()
  const loading = (await inputOf(words(port), kept)).load(noHurry, stop.signal)
  for (let tries = 0; kept.lines.length === 0 && tries < 100; tries++)
    await new Promise(resolve => setTimeout(resolve, 20))
  stop.abort()
  await loading
  await closed.promise
  assert.deepEqual(kept.lines, [`127.0.0.1-${port}:2 next`])
  assert.match(kept.letters[0], /:1 Cannot put the line into a record: it has 1048576 bytes/)
})

test('where nobody answers, and numbers that are none, are said in a sentence', async () => {
  const port = await listening(() => {})
  servers.pop()?.close()
  await assert.rejects(inputOf(words(port), new Kept()), {
    name: 'InputError',
    message: new RegExp(`^Cannot read from "127.0.0.1:${port}": .*, start the server first, as with nc -lk ${port}$`),
  })
  for (const perSecond of [0, -1, Number.NaN, 2e6]) {
    assert.throws(() => rate({ perSecond }), { name: 'ConfigurationError', message: /^Cannot count rows: there are / })
  }
  for (const wrong of [0, 1.5, 65_536]) {
    assert.throws(() => socket({ port: wrong }), {
      name: 'ConfigurationError',
      message: /^Cannot read a socket: the port is /,
    })
  }
})

test('explain says that they are local', () => {
  const fromOf = (program: Pipeline<unknown, unknown>) => {
    const [{ kind, reads }] = describe(program.plan).stages
    return [kind, reads.kind === 'source' && reads.from]
  }
  assert.deepEqual(fromOf(ticks), ['transient', 'rows that count, 200 a second, in a local session alone'])
  assert.deepEqual(fromOf(words(9999)), ['transient', 'lines of 127.0.0.1:9999, in a local session alone'])
})
