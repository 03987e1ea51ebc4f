import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { temporaryFolder } from '../cloud/clouds.ts'
import { millrace, usage } from './commands.ts'

type Row = { readonly timestamp: number; readonly value: number }

const rowsOf = (text: string): Row[] =>
  text
    .split('\n')
    .slice(0, -1)
    .map(line => JSON.parse(line))

test('generate rate counts as time passes', async () => {
  const before = Date.now()
  const rows = rowsOf(await millrace('generate', 'rate', '--rate', '200/s', '--count', '60'))
  const afterwards = Date.now()
  assert.deepEqual(
    rows.map(({ value }) => value),
    Array.from({ length: 60 }, (_, i) => i),
  )
  // In portions of a twentieth of a second, the first at once: the sixth comes a quarter of a second after it.
  const [first, last] = [rows[0].timestamp, rows[59].timestamp]
  assert.ok(first >= before && last <= afterwards)
  assert.ok(last - first >= 200, `${last - first} ms`)
  assert.deepEqual(
    rows.map(({ timestamp }) => timestamp),
    rows.map(({ timestamp }) => timestamp).toSorted((a, b) => a - b),
  )
})

test('generate rate refuses a rate or a count that is none', async () => {
  await assert.rejects(millrace('generate', 'rate', '--rate', 'often'), usage(/^Cannot use rate "often"/))
  await assert.rejects(millrace('generate', 'rate', '--count', '0'), usage(/--count/))
})

/** A server that sends these pieces to whoever comes, and ends. */
async function serving(...pieces: readonly string[]): Promise<string> {
  const server: Server = createServer(async socket => {
    for (const piece of pieces) {
      socket.write(piece)
      await new Promise(resolve => setTimeout(resolve, 20))
    }
    socket.end()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  after(() => server.close())
  return String((server.address() as AddressInfo).port)
}

test('produce --connect puts the lines that a server sends, however it cuts them', async () => {
  const data = join(temporaryFolder(), 'data')
  await millrace('streams', 'create', 'lines', '--data', data)
  const port = await serving('to be', ', or\nnot to', ' be\nthat', '')
  for (const place of [port, `127.0.0.1:${port}`, `localhost:${port}`]) {
    const said = await millrace('produce', 'lines', '--connect', place, '--data', data)
    assert.equal(said, 'Put 3 records in stream "lines": all in shardId-000000000000\n')
  }
  const lines = (await millrace('consume', 'lines', '--data', data)).split('\n').slice(0, -1)
  assert.deepEqual(lines.slice(0, 3), ['to be, or', 'not to be', 'that'])
  assert.equal(lines.length, 9)
})

test('produce --connect says what is wrong with the place', async () => {
  const data = join(temporaryFolder(), 'data')
  await millrace('streams', 'create', 'lines', '--data', data)
  const produce = (...args: readonly string[]) => millrace('produce', 'lines', '--data', data, ...args)
  for (const place of ['', 'localhost', 'localhost:', 'localhost:0', '70000', 'a:b:c']) {
    await assert.rejects(produce('--connect', place), usage(/^Cannot read from ".*": expected HOST:PORT or a port/))
  }
  await assert.rejects(produce('--connect', '1', '--file', 'x'), usage(/^Cannot use --file and --connect/))
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  await assert.rejects(produce('--connect', `127.0.0.1:${port}`), {
    message: new RegExp(
      `^Cannot read from "127\\.0\\.0\\.1:${port}": .*ECONNREFUSED.*, start the server first, as with nc -lk ${port}$`,
    ),
  })
})
