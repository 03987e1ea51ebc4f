import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { realClock } from '../../local/cli/data-folder.ts'
import { openCloud } from '../../local/cloud/embedded-cloud.ts'
import { encodeControl } from '../../shared/codecs/control.ts'
import { KplWriter } from '../../shared/codecs/kpl-writer.ts'
import { temporaryFolder } from '../cloud/clouds.ts'
import { millrace, Running, usage } from './commands.ts'

function streamOf(...records: readonly (string | Uint8Array)[]): string {
  const data = join(temporaryFolder(), 'data')
  const cloud = openCloud(data, { ...realClock, now: () => 1_000_000_000_000 })
  cloud.streams.createStream('s', 1)
  for (const record of records) cloud.streams.put('s', [{ data: Buffer.from(record), partitionKey: 'key' }])
  cloud.close()
  return data
}

const consume = (data: string, ...args: readonly string[]) => millrace('consume', 's', '--data', data, ...args)
const objectsOf = (text: string) =>
  text
    .split('\n')
    .slice(0, -1)
    .map(line => JSON.parse(line))
const valuesOf = async (data: string, ...args: readonly string[]) =>
  objectsOf(await consume(data, '--json', ...args)).map(({ value }) => value)

test('consume --codec says what values are, one a line', async () => {
  const data = streamOf('{"a": 1}\n', '{\n  "a": [2]\n}')
  assert.equal(await consume(data, '--codec', 'json'), '{"a": 1}\n{"a":[2]}\n')
  assert.deepEqual(await valuesOf(data, '--codec', 'json'), [{ a: 1 }, { a: [2] }])
  const csv = streamOf('1,"a,b"\r\n', '2,"say ""hi"""', '3')
  assert.equal(await consume(csv, '--codec', 'csv'), '1,"a,b"\n2,"say ""hi"""\n3\n')
  assert.deepEqual(await valuesOf(csv, '--codec', 'csv'), [['1', 'a,b'], ['2', 'say "hi"'], ['3']])
  const [first] = objectsOf(await consume(csv, '--codec', 'text', '--json'))
  assert.deepEqual(first, {
    shard: 'shardId-000000000000',
    sequence: `49${'1'.padStart(54, '0')}`,
    sub: 0,
    partitionKey: 'key',
    arrival: 1_000_000_000_000,
    value: '1,"a,b"',
  })
})

test('consume --codec takes aggregates apart and leaves out control records', async () => {
  const writer = new KplWriter()
  writer.add('a', Buffer.from('1'))
  writer.add('b', Buffer.from('2'))
  const data = streamOf(writer.finish(), encodeControl({ kind: 'tick' }), '3')
  assert.equal(await consume(data, '--codec', 'json'), '1\n2\n3\n')
  assert.equal(await consume(data, '--codec', 'json', '--limit', '2'), '1\n2\n')
})

test('consume stops at a record that the codec cannot read, or passes over it', async () => {
  const data = streamOf('1', 'one', Buffer.from([0xff]), '2')
  await assert.rejects(
    consume(data, '--codec', 'json'),
    /^Error: Cannot read record 490+2#0 of shardId-000000000000: JSON: found "one", expected JSON: .+; --skip-malformed passes over such records$/,
  )
  assert.equal(await consume(data, '--codec', 'json', '--skip-malformed'), '1\n2\n')
  assert.equal(await consume(data, '--codec', 'text', '--skip-malformed'), '1\none\n2\n')
  const running = new Running(['consume', 's', '--data', data, '--codec', 'json', '--skip-malformed'])
  assert.equal(await running.status(), 0)
  assert.equal(running.err, 'Skipped 2 malformed records\n')
  const failing = new Running(['consume', 's', '--data', data, '--codec', 'json'])
  assert.equal(await failing.status(), 1)
  assert.equal(failing.out, '1\n')
})

test('consume refuses options that do not go together with a sentence', async () => {
  const data = streamOf('1')
  const refused = (sentence: string, ...args: readonly string[]) =>
    assert.rejects(consume(data, ...args), usage(sentence))
  await refused('Cannot use --codec "xml": expected one of text, json, csv, avro, protobuf', '--codec', 'xml')
  await refused(
    'Cannot use --schema: it is about Avro and protobuf, add --codec avro or --codec protobuf',
    '--schema',
    'x',
  )
  await refused(
    'Cannot use --registry: it is about Avro and protobuf, add --codec avro or --codec protobuf',
    '--registry',
    'http://127.0.0.1:1',
  )
  await refused(
    'Cannot read Avro records: there is no schema, add --schema FILE or --registry PLACE',
    ...['--codec', 'avro'],
  )
  await refused(
    'Cannot use --registry "x": it is not an address, expected something like http://127.0.0.1:8081 or glue:my-registry',
    ...['--codec', 'avro', '--registry', 'x'],
  )
  await refused('Cannot read --limit "x": expected a whole number from 1 to 1000000000000000', '--limit', 'x')
  await refused('Cannot read --limit "1.5": expected a whole number from 1 to 1000000000000000', '--limit', '1.5')
})
