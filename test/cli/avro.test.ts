import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, test } from 'node:test'
import avsc from 'avsc'
import { serveRegistry } from '../../local/registry/serve.ts'
import { MemoryRegistryStore } from '../../shared/registry/memory-store.ts'
import { temporaryFolder } from '../cloud/clouds.ts'
import { fileIn } from './command.ts'
import { millrace, Running, usage } from './commands.ts'

const folder = temporaryFolder()
const registry = await serveRegistry({ store: new MemoryRegistryStore() })
after(() => registry.close())

const trade = {
  type: 'record',
  name: 'Trade',
  namespace: 'com.acme',
  fields: [
    { name: 'time', type: { type: 'long', logicalType: 'timestamp-millis' } },
    { name: 'orderId', type: 'long' },
    { name: 'symbol', type: 'string', aliases: ['ticker'] },
    { name: 'amount', type: ['null', 'int'] },
    { name: 'price', type: 'double' },
    { name: 'side', type: { type: 'enum', name: 'Side', symbols: ['B', 'S'] } },
    { name: 'isLimit', type: 'boolean' },
    { name: 'tags', type: { type: 'array', items: 'string' }, default: [] },
  ],
}
const schema = fileIn(folder, 'trade.avsc', JSON.stringify(trade))
const csv = fileIn(
  folder,
  'trades.csv',
  [
    'ticker,time,orderId,amount,price,side,isLimit,venue',
    'ABC,2016-03-22 20:25:28,1,100,12.5,B,true,x',
    '"D,E",2016-03-22 20:25:29,9007199254740993,,7,S,false,y',
    '',
  ].join('\n'),
)

async function newStream(): Promise<string> {
  const data = join(temporaryFolder(), 'data')
  await millrace('streams', 'create', 's', '--data', data)
  return data
}

const produce = (data: string, ...args: readonly string[]) =>
  millrace('produce', 's', '--data', data, '--codec', 'avro', ...args)
const consume = (data: string, ...args: readonly string[]) => millrace('consume', 's', '--data', data, ...args)

/** Keys and bytes, as another tool would find them. */
async function recordsOf(data: string): Promise<readonly { readonly key: string; readonly bytes: Buffer }[]> {
  const printed = await consume(data, '--json')
  return printed
    .split('\n')
    .slice(0, -1)
    .map(line => JSON.parse(line))
    .map(({ partitionKey, data: text, dataBase64 }) => ({
      key: partitionKey,
      bytes: text === undefined ? Buffer.from(dataBase64, 'base64') : Buffer.from(text),
    }))
}

// Without long integers that no double has: avsc reads none of them by itself.
const longs = avsc.types.LongType.__with({
  fromBuffer: (bytes: Buffer) => bytes.readBigInt64LE(),
  toBuffer: () => Buffer.alloc(8),
  fromJSON: BigInt,
  toJSON: String,
  isValid: (value: unknown) => typeof value === 'bigint',
  compare: () => 0,
})
const reference = avsc.Type.forSchema(JSON.parse(JSON.stringify(trade)), { registry: { long: longs } })
const plainOf = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value, (_, part) => (typeof part === 'bigint' ? String(part) : part)))

const expected = [
  {
    time: 1_458_678_328_000,
    orderId: '1',
    symbol: 'ABC',
    amount: 100,
    price: 12.5,
    side: 'B',
    isLimit: true,
    tags: [],
  },
  {
    ...{ time: 1_458_678_329_000, orderId: '9007199254740993', symbol: 'D,E', amount: null, price: 7 },
    ...{ side: 'S', isLimit: false, tags: [] },
  },
]

test('produce makes Avro records of CSV by the header, its aliases and the defaults, as avsc reads them', async () => {
  const data = await newStream()
  assert.equal(
    await produce(data, '--schema', schema, '--file', csv, '--header', '--key', 'ticker', '--rate', '500/s'),
    'Put 2 records in stream "s": all in shardId-000000000000\n',
  )
  const records = await recordsOf(data)
  assert.deepEqual(
    records.map(({ key }) => key),
    ['ABC', 'D,E'],
  )
  assert.deepEqual(
    records.map(({ bytes }) => plainOf(reference.fromBuffer(bytes))),
    expected,
  )
})

test('what consume prints of Avro records, produce takes back as the same bytes', async () => {
  const data = await newStream()
  await produce(data, '--schema', schema, '--file', csv, '--header')
  const printed = await consume(data, '--codec', 'avro', '--schema', schema)
  assert.equal(
    printed.split('\n')[1],
    '{"time":1458678329000,"orderId":"9007199254740993","symbol":"D,E","amount":null,"price":7,"side":"S","isLimit":false,"tags":[]}',
  )
  const copy = await newStream()
  await produce(copy, '--schema', schema, '--file', fileIn(folder, 'printed.jsonl', printed))
  const bytesOf = async (place: string) => (await recordsOf(place)).map(({ bytes }) => bytes.toString('hex'))
  assert.deepEqual(await bytesOf(copy), await bytesOf(data))
  const piped = await newStream()
  const running = new Running(['produce', 's', '--data', piped, '--codec', 'avro', '--schema', schema]).end(printed)
  assert.equal(await running.status(), 0, running.err)
  assert.deepEqual(await bytesOf(piped), await bytesOf(data))
})

test('without a header the columns are the fields in their order', async () => {
  const pair = fileIn(
    folder,
    'pair.avsc',
    JSON.stringify({
      type: 'record',
      name: 'Pair',
      fields: [
        { name: 'a', type: 'int' },
        { name: 'b', type: 'string' },
      ],
    }),
  )
  const data = await newStream()
  await produce(data, '--schema', pair, '--file', fileIn(folder, 'pairs.csv', '1,x\n2,y\n'), '--key', 'b')
  assert.equal(await consume(data, '--codec', 'avro', '--schema', pair), '{"a":1,"b":"x"}\n{"a":2,"b":"y"}\n')
  await assert.rejects(
    produce(data, '--schema', pair, '--file', fileIn(folder, 'headed.csv', 'a,b\n1,x\n')),
    usage('Cannot put the first line: it has the names of the columns, add --header'),
  )
})

test('a line that is none of the schema is named with its column, and nothing behind it is put', async () => {
  const lines = [
    'ticker,time,orderId,amount,price,side,isLimit',
    'A,0,1,1,1,B,true',
    'B,0,2,1,cheap,B,true',
    'C,0,3,1,1,B,true',
  ]
  const file = fileIn(folder, 'wrong.csv', lines.join('\n'))
  const data = await newStream()
  await assert.rejects(produce(data, '--schema', schema, '--file', file, '--header'), {
    message: `Cannot put line 3 of "${file}": column 5 "price": found "cheap", expected a double; the lines before it are put, --skip-malformed passes over such lines`,
  })
  assert.equal((await recordsOf(data)).length, 1)
  const spared = await newStream()
  assert.equal(
    await produce(spared, '--schema', schema, '--file', file, '--header', '--skip-malformed'),
    'Put 2 records in stream "s": all in shardId-000000000000\nSkipped 1 malformed line, the first is line 3: column 5 "price": found "cheap", expected a double\n',
  )
  const json = fileIn(folder, 'wrong.jsonl', '{"time":"yesterday"}\n')
  await assert.rejects(
    produce(data, '--schema', schema, '--file', json),
    /^Error: Cannot put line 1 of ".+": field "time": found "yesterday", expected a time such as .+; the lines before/,
  )
})

test('a schema that cannot be used is refused with a sentence', async () => {
  const data = await newStream()
  const withSchema = (name: string, text: string) => ['--schema', fileIn(folder, name, text), '--file', csv, '--header']
  await assert.rejects(produce(data, '--schema', 'nope.avsc', '--file', csv), {
    message: 'Cannot read file "nope.avsc": there is none, check the path after --schema',
  })
  await assert.rejects(
    produce(data, ...withSchema('broken.avsc', '{"type":')),
    usage(/^Cannot use the schema of file ".+broken\.avsc": found .+, expected JSON/),
  )
  await assert.rejects(
    produce(data, ...withSchema('unknown.avsc', '{"type":"record","name":"R","fields":[{"name":"a","type":"txt"}]}')),
    usage(/^Cannot use the schema of file ".+unknown\.avsc" at R\.a: found the type "txt", expected a type of Avro/),
  )
  await assert.rejects(
    produce(data, ...withSchema('int.avsc', '"int"')),
    usage('Cannot make Avro records of CSV: the schema is of int, expected a record'),
  )
  await assert.rejects(
    produce(data, ...withSchema('more.avsc', '{"type":"record","name":"R","fields":[{"name":"a","type":"int"}]}')),
    usage(
      /^Cannot use the header: there is no column "a" and the schema has no default for it, expected one beside "ticker"/,
    ),
  )
})

test('with a registry a record carries the id of its schema, and is read by it alone', async () => {
  const data = await newStream()
  const reached = ['--registry', registry.url]
  await produce(data, '--schema', schema, '--file', csv, '--header', ...reached)
  const versions = await fetch(`${registry.url}/subjects/s-value/versions/latest`)
  const { id }: { readonly id: number } = JSON.parse(await versions.text())
  const [first] = await recordsOf(data)
  assert.deepEqual([first.bytes[0], first.bytes.readInt32BE(1)], [0, id])
  assert.deepEqual(plainOf(reference.fromBuffer(first.bytes.subarray(5))), expected[0])
  const printed = await consume(data, '--codec', 'avro', ...reached, '--json')
  const [line] = printed.split('\n')
  const { value, ...place } = JSON.parse(line)
  assert.deepEqual(value, { ...expected[0], orderId: 1 })
  assert.deepEqual(Object.keys(place), ['shard', 'sequence', 'sub', 'partitionKey', 'arrival'])

  // As another schema, while both kinds of records are in the stream.
  const newer = { ...trade, fields: [...trade.fields.slice(1, 4), { name: 'venue', type: 'string', default: 'main' }] }
  const newerFile = fileIn(folder, 'newer.avsc', JSON.stringify(newer))
  await produce(data, '--schema', newerFile, '--file', csv, '--header', '--subject', 'newer', ...reached)
  const read = await consume(data, '--codec', 'avro', '--schema', newerFile, ...reached)
  assert.deepEqual(
    read
      .trim()
      .split('\n')
      .map(each => JSON.parse(each)),
    ['main', 'main', 'x', 'y'].map((venue, i) => ({
      ...[
        { orderId: 1, symbol: 'ABC', amount: 100 },
        { orderId: '9007199254740993', symbol: 'D,E', amount: null },
      ][i % 2],
      venue,
    })),
  )
})

test('an id that the registry does not have, and a registry that is not there, are told with sentences', async () => {
  const data = await newStream()
  const other = await serveRegistry({ store: new MemoryRegistryStore() })
  after(() => other.close())
  await produce(data, '--schema', schema, '--file', csv, '--header', '--registry', registry.url, '--subject', 'x')
  await assert.rejects(
    consume(data, '--codec', 'avro', '--registry', other.url),
    /^Error: Cannot read record .+#0 of .+: avro: found the schema id \d+, .+; --skip-malformed/,
  )
  assert.equal(await consume(data, '--codec', 'avro', '--registry', other.url, '--skip-malformed'), '')
  const gone = await serveRegistry({ store: new MemoryRegistryStore() })
  await gone.close()
  await assert.rejects(
    produce(data, '--schema', schema, '--file', csv, '--header', '--registry', gone.url),
    /Cannot register the schema of subject "s-value": http:\/\/127\.0\.0\.1:\d+ cannot be reached, .*ECONNREFUSED/,
  )
})
