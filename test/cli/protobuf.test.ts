import assert from 'node:assert/strict'
import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { create, fromBinary, type JsonObject, toBinary } from '@bufbuild/protobuf'
import { ProtobufSerializer, SchemaRegistryClient, SerdeType } from '@confluentinc/schemaregistry'
import { serveRegistry } from '../../local/registry/serve.ts'
import { MemoryRegistryStore } from '../../shared/registry/memory-store.ts'
import { temporaryFolder } from '../cloud/clouds.ts'
import { OldOrderSchema, Order_LineSchema, OrderSchema } from '../vectors/protobuf/orders_pb.ts'
import { fileIn } from './command.ts'
import { millrace, usage } from './commands.ts'

const folder = temporaryFolder()
const vectors = join(import.meta.dirname, '../vectors/protobuf')
const orders = join(vectors, 'orders.proto')
const legacy = join(vectors, 'legacy.proto')
const registry = await serveRegistry({ store: new MemoryRegistryStore() })
after(() => registry.close())

async function newStream(): Promise<string> {
  const data = join(temporaryFolder(), 'data')
  await millrace('streams', 'create', 's', '--data', data)
  return data
}

const produce = (data: string, ...args: readonly string[]) =>
  millrace('produce', 's', '--data', data, '--codec', 'protobuf', ...args)
const consume = (data: string, ...args: readonly string[]) =>
  millrace('consume', 's', '--data', data, '--codec', 'protobuf', ...args)

const jsonLines = (text: string): JsonObject[] =>
  text
    .split('\n')
    .slice(0, -1)
    .map(line => JSON.parse(line))

/** Keys and bytes, as another tool would find them. */
async function recordsOf(data: string): Promise<readonly { readonly key: string; readonly bytes: Buffer }[]> {
  const printed = await millrace('consume', 's', '--data', data, '--json')
  return jsonLines(printed).map(({ partitionKey, data: text, dataBase64 }) => ({
    key: String(partitionKey),
    bytes: text === undefined ? Buffer.from(String(dataBase64), 'base64') : Buffer.from(String(text)),
  }))
}

type Vector = { readonly type: string; readonly bytes: string; readonly json: JsonObject }
const messages: readonly Vector[] = JSON.parse(readFileSync(join(vectors, 'vectors.json'), 'utf8')).messages
const order = ['--schema', orders, '--message', 'Order']

/** What has its default and no presence is left out of other JSON. */
function partIn(printed: unknown, json: unknown): unknown {
  if (Array.isArray(printed) && Array.isArray(json)) return printed.map((item, i) => partIn(item, json[i]))
  if (typeof printed !== 'object' || printed === null || typeof json !== 'object' || json === null) return printed
  const entries = Object.entries(printed).flatMap(([name, part]) =>
    name in json ? [[name, partIn(part, Reflect.get(json, name))]] : [],
  )
  return Object.fromEntries(entries)
}

test("messages of JSON are those that Google's protobuf makes of it, and their JSON is its own", async () => {
  const own = messages.filter(({ type }) => type === 'millrace.test.Order')
  assert.ok(own.length > 20)
  const file = fileIn(folder, 'orders.jsonl', own.map(({ json }) => `${JSON.stringify(json)}\n`).join(''))
  const data = await newStream()
  await produce(data, ...order, '--file', file)
  const records = await recordsOf(data)
  for (const [i, { bytes }] of own.entries()) {
    assert.deepEqual(fromBinary(OrderSchema, records[i].bytes), fromBinary(OrderSchema, Buffer.from(bytes, 'hex')))
  }
  const printed = jsonLines(await consume(data, ...order))
  for (const [i, { json }] of own.entries()) {
    assert.deepEqual(partIn(printed[i], json), json)
  }
  const copy = await newStream()
  await produce(copy, ...order, '--file', fileIn(folder, 'again.jsonl', await consume(data, ...order)))
  assert.deepEqual(
    (await recordsOf(copy)).map(({ bytes }) => fromBinary(OrderSchema, bytes)),
    records.map(({ bytes }) => fromBinary(OrderSchema, bytes)),
  )
})

test('proto2 has groups, required fields and fields without a value', async () => {
  const own = messages.filter(({ type }) => type === 'millrace.test.Legacy')
  assert.ok(own.length > 0)
  const file = fileIn(folder, 'legacy.jsonl', own.map(({ json }) => `${JSON.stringify(json)}\n`).join(''))
  const data = await newStream()
  await produce(data, '--schema', legacy, '--file', file)
  assert.deepEqual(
    (await recordsOf(data)).map(({ bytes }) => bytes.toString('hex')),
    own.map(({ bytes }) => bytes),
  )
  const json = own.map(vector => vector.json)
  assert.deepEqual(partIn(jsonLines(await consume(data, '--schema', legacy)), json), json)
  await assert.rejects(
    produce(data, '--schema', legacy, '--file', fileIn(folder, 'unset.jsonl', '{"amount":1}\n')),
    /^Error: Cannot put line 1 of .+ required/,
  )
})

const trade = fileIn(
  folder,
  'trade.proto',
  `syntax = "proto3";
  package acme;
  import "google/protobuf/duration.proto";
  import "google/protobuf/field_mask.proto";
  import "google/protobuf/timestamp.proto";
  import "google/protobuf/wrappers.proto";
  import "common/money.proto";
  message Trade {
    enum Side { NONE = 0; BUY = 1; SELL = 2; }
    google.protobuf.Timestamp time = 1;
    string symbol = 2;
    int64 order_id = 3;
    optional int32 amount = 4;
    double price = 5 [json_name = "cost"];
    Side side = 6;
    bool is_limit = 7;
    bytes proof = 8;
    repeated string tags = 9;
    map<string, int32> parts = 10;
    google.protobuf.Int64Value count = 11;
    common.Money fee = 12;
    google.protobuf.Duration wait = 13;
    google.protobuf.FieldMask mask = 14;
    google.protobuf.BoolValue is_new = 15;
  }`,
)
mkdirSync(join(folder, 'common'))
fileIn(join(folder, 'common'), 'money.proto', 'syntax = "proto3"; package common; message Money { int64 cents = 1; }')

const csv = [
  'venue,symbol,time,order_id,amount,cost,side,is_limit,proof,tags,parts,count,fee,wait,mask,is_new',
  'x,ABC,2016-03-22 20:25:28,9007199254740993,100,1.25,BUY,true,/wA=,"[""a"",""b""]","{""k"":1}",7,"{""cents"":5}",1.5s,"a,bC",true',
  'y,,2016-03-22T21:25:28.5+01:00,1,,NaN,2,FALSE,,,,,,,,',
  '',
].join('\n')

test('CSV becomes messages by the names of the fields, in the .proto file or in JSON', async () => {
  const data = await newStream()
  await produce(data, '--schema', trade, '--file', fileIn(folder, 'trades.csv', csv), '--header', '--key', 'symbol')
  assert.deepEqual(
    (await recordsOf(data)).map(({ key }) => key),
    ['ABC', 'line 3'],
  )
  assert.deepEqual(jsonLines(await consume(data, '--schema', trade)), [
    {
      time: '2016-03-22T20:25:28Z',
      symbol: 'ABC',
      orderId: '9007199254740993',
      amount: 100,
      cost: 1.25,
      side: 'BUY',
      isLimit: true,
      proof: '/wA=',
      tags: ['a', 'b'],
      parts: { k: 1 },
      count: '7',
      fee: { cents: '5' },
      wait: '1.500s',
      mask: 'a,bC',
      isNew: true,
    },
    {
      time: '2016-03-22T20:25:28.500Z',
      symbol: '',
      orderId: '1',
      cost: 'NaN',
      side: 'SELL',
      isLimit: false,
      proof: '',
      tags: [],
      parts: {},
    },
  ])
})

test('without a header the columns are the fields in their order', async () => {
  const data = await newStream()
  const old = ['--schema', orders, '--message', 'millrace.test.OldOrder']
  await produce(data, ...old, '--file', fileIn(folder, 'pairs.csv', 'a,1\nb,2\n'))
  assert.equal(await consume(data, ...old), '{"id":"a","amount":1}\n{"id":"b","amount":2}\n')
  const [{ bytes }] = await recordsOf(data)
  assert.deepEqual(bytes, Buffer.from(toBinary(OldOrderSchema, create(OldOrderSchema, { id: 'a', amount: 1 }))))
  await assert.rejects(
    produce(data, ...old, '--file', fileIn(folder, 'headed.csv', 'id,amount\n')),
    usage('Cannot put the first line: it has the names of the columns, add --header'),
  )
})

test('a line that is no message is refused with its place', async () => {
  const refusedRow = async (column: string, text: string, message: string): Promise<void> => {
    const file = fileIn(folder, 'wrong.csv', `symbol,${column}\nx,"${text.replaceAll('"', '""')}"\n`)
    await assert.rejects(produce(await newStream(), '--schema', trade, '--file', file, '--header'), {
      message: `Cannot put line 2 of "${file}": column 2 "${column}": ${message}; the lines before it are put, --skip-malformed passes over such lines`,
    })
  }
  await refusedRow('amount', '1.5', 'found "1.5", expected an int32')
  await refusedRow('order_id', 'x', 'found "x", expected an int64')
  await refusedRow('price', '1,5', 'found "1,5", expected a double')
  await refusedRow('side', 'HOLD', 'found "HOLD", expected one of "NONE", "BUY", "SELL", or a number')
  await refusedRow('is_limit', 'yes', 'found "yes", expected a boolean, true or false')
  await refusedRow('proof', 'a', 'found "a", expected bytes in base64')
  await refusedRow('time', '2016-02-30', 'found "2016-02-30", expected a time such as 2016-03-22T20:25:28Z')
  await refusedRow('tags', 'a', 'found "a", expected an array as JSON')
  await refusedRow('parts', '[]', 'found "[]", expected an object as JSON')
  await refusedRow('wait', '5 minutes', 'found "5 minutes", expected seconds such as 1.5s')
  await refusedRow('count', 'x', 'found "x", expected an int64')
  await refusedRow('fee', '5', 'found "5", expected message common.Money as JSON')
  const refusedJson = async (line: string, message: RegExp): Promise<void> => {
    const file = fileIn(folder, 'wrong.jsonl', `${line}\n`)
    await assert.rejects(produce(await newStream(), '--schema', trade, '--file', file), message)
  }
  await refusedJson(
    '{"amount":"x"}',
    /line 1 .+: found {"amount":"x"}, expected message acme\.Trade: field amount: .+ "x"; /,
  )
  await refusedJson('{"side":"HOLD"}', /expected message acme\.Trade: enum Side: "HOLD"; /)
  await refusedJson('{"nothing":1}', /expected message acme\.Trade: .*"nothing" is unknown/)
  await refusedJson('[1]', /found \[1\], expected message acme\.Trade/)
  const both = fileIn(folder, 'both.jsonl', '{"card":"a","voucher":{}}\n')
  await assert.rejects(produce(await newStream(), ...order, '--file', both), /oneof payment/)
})

test('records that are no such message are malformed', async () => {
  const data = await newStream()
  await millrace('produce', 's', '--data', data, '--file', fileIn(folder, 'text', 'some text\n'))
  await assert.rejects(
    consume(data, ...order),
    /^Error: Cannot read record \S+ of shardId-\d+: millrace\.test\.Order: found/,
  )
  assert.equal(await consume(data, ...order, '--skip-malformed'), '')
})

const withRegistry = ['--registry', registry.url]

test("with a registry records are framed as Confluent's serializer frames them", async () => {
  const client = SchemaRegistryClient.newClient({ baseURLs: ['mock://'] })
  const serializer = new ProtobufSerializer(client, SerdeType.VALUE, { autoRegisterSchemas: true })
  const cases = [
    ['Order', OrderSchema, create(OrderSchema, { id: 'a', cents: 5n }), '{"id":"a","cents":5}'],
    ['OldOrder', OldOrderSchema, create(OldOrderSchema, { id: 'a', amount: 3 }), '{"id":"a","amount":3}'],
    ['Order.Line', Order_LineSchema, create(Order_LineSchema, { sku: 'x' }), '{"sku":"x"}'],
  ] as const
  const data = await newStream()
  for (const [name, desc, value, json] of cases) {
    const one = await newStream()
    const file = fileIn(folder, 'one.jsonl', `${json}\n`)
    for (const place of [one, data]) {
      await produce(place, '--schema', orders, '--message', name, '--file', file, ...withRegistry)
    }
    serializer.registry.add(desc)
    const expected = await serializer.serialize('orders', value)
    const [{ bytes }] = await recordsOf(one)
    assert.equal(bytes.toString('hex', 5), expected.toString('hex', 5))
    assert.equal(bytes[0], 0)
  }
  // Each record by its own message of the file that it was written by.
  assert.deepEqual(
    jsonLines(await consume(data, ...withRegistry)).map(({ id, sku }) => id ?? sku),
    ['a', 'a', 'x'],
  )
  await assert.rejects(
    consume(data, ...withRegistry, ...order),
    /found message millrace\.test\.OldOrder of schema \d+, expected millrace\.test\.Order/,
  )
  assert.equal(
    await consume(data, ...withRegistry, '--schema', orders, '--message', 'Order.Line', '--skip-malformed'),
    '{"sku":"x","price":0,"parts":[]}\n',
  )
})

test('imports are registered with the schema that has them, and read back', async () => {
  const data = await newStream()
  const file = fileIn(folder, 'fees.jsonl', '{"fee":{"cents":"5"},"time":"2016-03-22T20:25:28Z"}\n')
  await produce(data, '--schema', trade, '--file', file, ...withRegistry, '--subject', 'trades')
  assert.match(await millrace('registry', 'show', 'trades', '--url', registry.url), /import "common\/money\.proto";/)
  assert.match(await millrace('registry', 'show', 'common/money.proto', '--url', registry.url), /message Money/)
  assert.match(await consume(data, ...withRegistry), /^{"time":"2016-03-22T20:25:28Z",.*"fee":{"cents":"5"}}\n$/)
  await millrace('produce', 's', '--data', data, '--file', fileIn(folder, 'text', 'some text\n'))
  await assert.rejects(consume(data, ...withRegistry), /Confluent's wire format/)
})

test('a schema that cannot be used is refused with a sentence', async () => {
  const data = await newStream()
  const input = fileIn(folder, 'input.jsonl', '{}\n')
  const refused = (message: string | RegExp, ...args: readonly string[]) =>
    assert.rejects(produce(data, '--file', input, ...args), usage(message))
  const proto = (text: string) => fileIn(folder, 'refused.proto', text)
  await refused('Cannot put protobuf records: there is no schema, add --schema FILE')
  await refused(
    `Cannot use the schema of file "${orders}": it defines 3 messages, add --message with one of millrace.test.Order, millrace.test.OldOrder, millrace.test.OtherOrder`,
    ...['--schema', orders],
  )
  await refused(
    `Cannot use --message "Nope": file "${legacy}" does not define it, expected one of millrace.test.Legacy, millrace.test.Legacy.Place`,
    ...['--schema', legacy, '--message', 'Nope'],
  )
  const none = proto('syntax = "proto3"; enum E { A = 0; }')
  await refused(`Cannot use the schema of file "${none}": it defines no message, expected one`, '--schema', none)
  await refused(/^Cannot use the schema of file ".+": illegal .* \(line 1\)$/, '--schema', proto('message {'))
  await refused(
    /^Cannot use the schema of file ".+": there is no "gone\.proto" to import, expected it in its folder or one above it$/,
    ...['--schema', proto('syntax = "proto3"; import "gone.proto"; message M { Gone gone = 1; }')],
  )
  await refused(
    /^Cannot use the schema of file ".+": "refused\.proto" imports itself, expected it not to$/,
    ...['--schema', proto('syntax = "proto3"; import "refused.proto"; message M { string a = 1; }')],
  )
  await refused(
    /^Cannot use the schema of file ".+": field "gone" of message "M" has type "Gone", which is nowhere$/,
    ...['--schema', proto('syntax = "proto3"; message M { Gone gone = 1; }')],
  )
  await assert.rejects(
    produce(
      data,
      ...['--schema', orders, '--message', 'OldOrder', '--header'],
      ...['--file', fileIn(folder, 'other.csv', 'a,b\n1,2\n')],
    ),
    usage(
      'Cannot use the header: no column is named like a field of millrace.test.OldOrder, expected some of "id", "amount"',
    ),
  )
  await assert.rejects(
    produce(data, ...['--schema', trade, '--header', '--file', fileIn(folder, 'twice.csv', 'price,cost\n1,2\n')]),
    usage('Cannot use the header: two columns are field "price", expected one for each field'),
  )
  await refused('Cannot use --message: it is about a .proto file, add --schema FILE', '--message', 'M')
  await assert.rejects(
    millrace('consume', 's', '--data', data, '--codec', 'avro', '--schema', 'x', '--message', 'M'),
    usage('Cannot use --message: it is about protobuf, add --codec protobuf'),
  )
})
