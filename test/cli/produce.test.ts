import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { temporaryFolder } from '../cloud/clouds.ts'
import { millrace, Running, until, usage } from './commands.ts'

async function folderWith(stream: string, shards = 1): Promise<string> {
  const data = join(temporaryFolder(), 'data')
  await millrace('streams', 'create', stream, '--shards', String(shards), '--data', data)
  return data
}

type Printed = {
  readonly shard: string
  readonly sequence: string
  readonly partitionKey: string
  readonly data: string
}

async function recordsOf(stream: string, data: string): Promise<Printed[]> {
  const printed = await millrace('consume', stream, '--data', data, '--json')
  return printed
    .split('\n')
    .slice(0, -1)
    .map(line => JSON.parse(line))
}

const produceFile = (data: string, text: string | Buffer, ...options: string[]): Promise<string> => {
  const file = join(data, 'input.txt')
  writeFileSync(file, text)
  return millrace('produce', 's', '--data', data, '--file', file, ...options)
}

test('produce puts each line of a file, without byte order mark and line ends, whatever ends the last', async () => {
  const data = await folderWith('s')
  assert.equal(
    await produceFile(data, '\ufeffa\r\nb\n\nlast'),
    'Put 4 records in stream "s": all in shardId-000000000000\n',
  )
  assert.deepEqual(
    (await recordsOf('s', data)).map(record => record.data),
    ['a', 'b', '', 'last'],
  )
  assert.equal(await produceFile(data, ''), 'Put 0 records in stream "s"\n')
  assert.equal(await produceFile(data, '\r\n'), 'Put 1 record in stream "s": all in shardId-000000000000\n')
})

test('produce puts what comes through a pipe as it comes, in whatever pieces', async () => {
  const data = await folderWith('s')
  const producer = new Running(['produce', 's', '--data', data])
  const bytes = Buffer.from('\ufefföne\r\ntwo\nthr')
  for (const byte of bytes) producer.write(Buffer.of(byte))
  await until(async () => (await recordsOf('s', data)).length === 2)
  producer.end('ee')
  assert.equal(await producer.status(), 0, producer.err)
  assert.equal(producer.out, 'Put 3 records in stream "s": all in shardId-000000000000\n')
  assert.deepEqual(
    (await recordsOf('s', data)).map(record => record.data),
    ['öne', 'two', 'three'],
  )
})

test('produce spreads lines over the shards, or keys them by one text or a column', async () => {
  const data = await folderWith('s', 4)
  const lines = Array.from({ length: 200 }, (_, i) => `${i},"k,${i % 3}",x`).join('\n')
  await produceFile(data, lines)
  assert.equal(new Set((await recordsOf('s', data)).map(record => record.shard)).size, 4)
  const keyed = await folderWith('s', 4)
  await produceFile(keyed, `${lines}\nno such column\n`, '--key-column', '2')
  const records = await recordsOf('s', keyed)
  for (const record of records.slice(0, 200)) assert.equal(record.partitionKey, /"(.*)"/.exec(record.data)?.[1])
  assert.equal(records[200].partitionKey, 'line 201')
  const one = await folderWith('s', 4)
  await produceFile(one, lines, '--key-text', 'same')
  assert.deepEqual([...new Set((await recordsOf('s', one)).map(record => record.partitionKey))], ['same'])
})

test('produce --aggregate puts lines of one key together, and consume takes them apart in order', async () => {
  const data = await folderWith('s', 4)
  const lines = Array.from({ length: 20_000 }, (_, i) => `${i},${i % 7}`)
  assert.equal(
    await produceFile(data, lines.join('\n'), '--aggregate', '--key-column', '2'),
    'Put 20,000 records in stream "s": 2,857 in shardId-000000000000, 2,857 in shardId-000000000002, 14,286 in shardId-000000000003\n',
  )
  const records = await recordsOf('s', data)
  assert.ok(new Set(records.map(record => record.sequence)).size < 200)
  for (let key = 0; key < 7; key++) {
    assert.deepEqual(
      records.filter(record => record.partitionKey === String(key)).map(record => record.data),
      lines.filter(line => line.endsWith(`,${key}`)),
    )
  }
  const spread = await folderWith('s', 4)
  await produceFile(spread, lines.join('\n'), '--aggregate')
  const found = await recordsOf('s', spread)
  assert.equal(new Set(found.map(record => record.shard)).size, 4)
  assert.deepEqual(new Set(found.map(record => record.data)), new Set(lines))
})

test('produce puts every line but those that no record holds, and says which', async () => {
  const data = await folderWith('s')
  const text = `a\n${'x'.repeat(10_000_000)}\nb\n${'y'.repeat(1_000_000)}\n`
  await assert.rejects(produceFile(data, text), {
    message: 'Cannot put line 2: line 2 has 10,000,000 bytes, at most 1,047,552 fit a record, all others are put',
  })
  assert.deepEqual(
    (await recordsOf('s', data)).map(record => record.data.length),
    [1, 1, 1_000_000],
  )
})

test('produce --rate keeps to the rate', async () => {
  const data = await folderWith('s')
  const began = performance.now()
  await produceFile(data, 'x\n'.repeat(300), '--rate', '500/s')
  const seconds = (performance.now() - began) / 1_000
  assert.ok(seconds >= 0.5, `${seconds}`)
})

test('produce ends at Ctrl-C between two calls, with how far it got', async () => {
  const data = await folderWith('s')
  const producer = new Running(['produce', 's', '--data', data, '--rate', '100']).write('x\n'.repeat(1_000))
  await until(async () => (await recordsOf('s', data)).length > 10)
  producer.signal('SIGINT')
  assert.equal(await producer.status(), 130)
  const put = (await recordsOf('s', data)).length
  assert.equal(producer.out, `Put ${put} records in stream "s": all in shardId-000000000000\n`)
  assert.equal(producer.err, `millrace: Stopped after ${put} records, the rest of the input is not put\n`)
})

test('produce refuses what it cannot use with a sentence', async () => {
  const data = await folderWith('s')
  const folder = join(data, 'folder')
  mkdirSync(folder)
  const refused = (sentence: string, ...args: string[]) =>
    assert.rejects(millrace('produce', ...args, '--data', data), usage(sentence))
  await refused('Cannot put records in stream "nope": there is no such stream, expected "s"', 'nope')
  await refused(
    'Cannot use rate "fast": it is not a number of lines a second, minute or hour, expected something like 500/s or 30/m',
    ...['s', '--rate', 'fast'],
  )
  await refused('Cannot use column "0": it is not the number of a column, expected 1 or more', 's', '--key-column', '0')
  await refused('Cannot use a partition key of 0 characters: expected 1 to 256', 's', '--key-text', '')
  await refused(
    'Cannot use --key and --key-column: they exclude each other, give one of them',
    ...['s', '--key', 'a', '--key-column', '1'],
  )
  await refused(`Cannot read file "${folder}": it is a folder, expected a text file`, 's', '--file', folder)
  const binary = join(folder, 'binary')
  writeFileSync(binary, Buffer.alloc(5_000))
  await assert.rejects(millrace('produce', 's', '--data', data, '--file', binary), {
    message: `Cannot read file "${binary}": it is binary or compressed, expected lines of text`,
  })
  await assert.rejects(millrace('produce', 's', '--data', data, '--file', 'nope'), {
    message: 'Cannot read file "nope": there is none, check the path after --file',
  })
  await assert.rejects(millrace('produce', 's', '--data', folder), {
    message: `Cannot open data folder "${folder}": it holds no Millrace data, start some with millrace dev PIPELINE --data ${folder}`,
  })
})
