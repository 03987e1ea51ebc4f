import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { temporaryFolder } from '../cloud/clouds.ts'
import { fileIn } from './command.ts'
import { millrace, usage } from './commands.ts'

const folder = temporaryFolder()
const header = 'time,symbol,price'
const rows = ['2016-03-22 20:25:28,ABC,12.5', '2016-03-22 20:25:29,"D,E",13']
const csvFile = fileIn(folder, 'trades.csv', `${header}\r\n${rows.join('\r\n')}\r\n\r\n`)
const jsonFile = fileIn(folder, 'trades.jsonl', '{"symbol":"ABC","n":1}\n\n{"symbol":"","n":12345678901234567890}\n')

async function newStream(shards = 1): Promise<string> {
  const data = join(temporaryFolder(), 'data')
  await millrace('streams', 'create', 's', '--shards', String(shards), '--data', data)
  return data
}

type Printed = { readonly partitionKey: string; readonly data: string }

async function recordsOf(data: string): Promise<Printed[]> {
  const printed = await millrace('consume', 's', '--data', data, '--json')
  return printed
    .split('\n')
    .slice(0, -1)
    .map(line => JSON.parse(line))
}

const produce = (data: string, ...args: readonly string[]) => millrace('produce', 's', '--data', data, ...args)

async function put(...args: readonly string[]): Promise<Printed[]> {
  const data = await newStream()
  await produce(data, ...args)
  return recordsOf(data)
}

const dataOf = (records: readonly Printed[]) => records.map(({ data }) => data)
const keysOf = (records: readonly Printed[]) => records.map(({ partitionKey }) => partitionKey)

test('produce puts lines of text as they are, without the header where there is one', async () => {
  assert.deepEqual(dataOf(await put('--file', csvFile)), [header, ...rows, ''])
  assert.deepEqual(dataOf(await put('--file', csvFile, '--header')), [...rows, ''])
})

test('produce --codec csv checks the lines and puts them as they are', async () => {
  const records = await put('--file', csvFile, '--header', '--codec', 'csv', '--key', 'symbol')
  assert.deepEqual(dataOf(records), rows)
  assert.deepEqual(keysOf(records), ['ABC', 'D,E'])
  assert.deepEqual(keysOf(await put('--file', csvFile, '--header', '--codec', 'csv', '--key', '3')), ['12.5', '13'])
  assert.deepEqual(keysOf(await put('--file', csvFile, '--codec', 'csv', '--key', '2')), ['symbol', 'ABC', 'D,E'])
  const tabs = fileIn(folder, 'trades.tsv', 'a\tb\n1\t"2"\n')
  assert.deepEqual(keysOf(await put('--file', tabs, '--header', '--codec', 'csv', '--key', 'b')), ['2'])
  const semicolons = fileIn(folder, 'semicolons.txt', 'a;b\n1;2,5\n')
  assert.deepEqual(keysOf(await put('--file', semicolons, '--header', '--delimiter', ';', '--key', 'b')), ['2,5'])
})

test('produce --codec json makes objects of CSV, and takes the key from a field', async () => {
  const made = await put('--file', csvFile, '--header', '--codec', 'json', '--key', 'symbol')
  assert.deepEqual(
    made.map(({ data }) => JSON.parse(data)),
    [
      { time: '2016-03-22 20:25:28', symbol: 'ABC', price: '12.5' },
      { time: '2016-03-22 20:25:29', symbol: 'D,E', price: '13' },
    ],
  )
  const bySymbol = await put('--file', jsonFile, '--codec', 'json', '--key', 'symbol')
  assert.deepEqual(dataOf(bySymbol), ['{"symbol":"ABC","n":1}', '{"symbol":"","n":12345678901234567890}'])
  // An empty key is none: the line's number is.
  assert.deepEqual(keysOf(bySymbol), ['ABC', 'line 3'])
  assert.deepEqual(keysOf(await put('--file', jsonFile, '--key', 'n')), ['1', '12345678901234567890'])
})

test('produce stops at the first line that it cannot read, with what is before it put', async () => {
  const cases: readonly (readonly [string, readonly string[], RegExp])[] = [
    [
      '{"a":1}\n{"a":\n{"a":3}\n',
      ['--codec', 'json'],
      /^Error: Cannot put line 2 of ".+": found "\{\\"a\\":", expected JSON: .+; the lines before it are put, --skip-malformed passes over such lines$/,
    ],
    ['{"a":1}\n{"b":2}\n{"a":3}\n', ['--codec', 'json', '--key', 'a'], /line 2 .+: field "a": found none, expected a/],
    ['1,2\n1,2,3\n4,5\n', ['--codec', 'csv'], /line 2 of ".+": found 3 columns, expected 2; /],
    ['1,2\n1,"2\n4,5\n', ['--codec', 'csv'], /line 2 of ".+": column 2: found .+, expected .*quote/],
    ['1,2\n"1"x,2\n4,5\n', ['--codec', 'csv'], /line 2 of ".+": column 1: found "\\"1\\"x", expected .*quotes/],
  ]
  for (const [i, [text, args, message]] of cases.entries()) {
    const file = fileIn(folder, `wrong-${i}`, text)
    const data = await newStream()
    await assert.rejects(produce(data, '--file', file, ...args), message)
    assert.equal((await recordsOf(data)).length, 1)
    const spared = await newStream()
    assert.match(
      await produce(spared, '--file', file, '--skip-malformed', ...args),
      /^Put 2 records in .+\nSkipped 1 malformed line, the first is line 2: /,
    )
    assert.equal((await recordsOf(spared)).length, 2)
  }
  const bytes = fileIn(folder, 'bytes', Buffer.from([0x22, 0xff, 0x22, 0x0a]))
  await assert.rejects(produce(await newStream(), '--file', bytes, '--codec', 'json'), /bytes that are not UTF-8/)
})

test('produce --json says how many records are in which shards', async () => {
  const data = await newStream(4)
  const file = fileIn(folder, 'many.txt', Array.from({ length: 100 }, (_, i) => `${i}\n`).join(''))
  const printed = await produce(data, '--file', file, '--json', '--end')
  assert.match(printed, /^[^\n]+\n$/)
  const { shards, ...rest } = JSON.parse(printed)
  assert.deepEqual(rest, { stream: 's', records: 100, skipped: 0, ended: 4 })
  assert.equal(Object.keys(shards).length, 4)
  assert.equal(
    Object.values<number>(shards).reduce((sum, count) => sum + count, 0),
    100,
  )
  const many = await newStream(20)
  assert.match(
    await produce(many, '--file', fileIn(folder, 'more.txt', 'x\n'.repeat(5_000))),
    /^Put 5,000 records in stream "s": \d+ to \d+ in each of 20 shards\n$/,
  )
})

test('produce refuses options that do not go together with a sentence', async () => {
  const data = await newStream()
  const refused = (sentence: string | RegExp, ...args: readonly string[]) =>
    assert.rejects(produce(data, ...args), usage(sentence))
  await refused('Cannot use --codec "xml": expected one of text, json, csv, avro, protobuf', '--codec', 'xml')
  await refused('Cannot use --from "xml": expected one of text, csv, json', '--from', 'xml')
  await refused('Cannot use --from json with --codec csv: expected --from csv', '--codec', 'csv', '--from', 'json')
  await refused(
    'Cannot use --from text with --codec json: expected --from csv or json',
    ...['--codec', 'json', '--from', 'text'],
  )
  await refused(
    'Cannot make JSON of CSV: the columns have no names, add --header',
    ...['--codec', 'json', '--file', csvFile],
  )
  await refused(
    'Cannot use --header: lines of JSON have none, leave it out',
    ...['--codec', 'json', '--header', '--file', jsonFile],
  )
  await refused('Cannot use --delimiter: it is about CSV, add --from csv', '--from', 'json', '--delimiter', ';')
  await refused(
    'Cannot use --delimiter "ab": expected one ASCII character that is no letter, digit or quote, or the word tab',
    ...['--codec', 'csv', '--delimiter', 'ab', '--file', csvFile],
  )
  await refused(
    'Cannot use --key "a": lines of text have no fields, add --from csv or --from json, or use --key-text',
    ...['--key', 'a'],
  )
  await refused('Cannot use --key "": it is no name of a field, expected one or a number', '--key', '')
  await refused(
    'Cannot use --key and --key-text: they exclude each other, give one of them',
    ...['--key', 'a', '--key-text', 'b'],
  )
  await refused(
    'Cannot use --key "nope": there is no such column, expected one of time, symbol, price',
    ...['--key', 'nope', '--file', csvFile, '--header'],
  )
  await refused(
    'Cannot use --key "symbol": the columns have no names, add --header or give the number of a column, 1 is the first',
    ...['--key', 'symbol', '--file', csvFile],
  )
  await refused(
    'Cannot use --schema: it is about Avro and protobuf, add --codec avro or --codec protobuf',
    '--schema',
    'x.avsc',
  )
  await refused(
    'Cannot use --registry: it is about Avro and protobuf, add --codec avro or --codec protobuf',
    '--registry',
    'http://localhost:1',
  )
  await refused(
    'Cannot use --registry "localhost": it is not an address, expected something like http://127.0.0.1:8081 or glue:my-registry',
    ...['--codec', 'avro', '--schema', 'x', '--registry', 'localhost'],
  )
  await refused('Cannot put Avro records: there is no schema, add --schema FILE', '--codec', 'avro')
  await refused(
    'Cannot use --subject: it is about a registry, add --registry PLACE',
    ...['--codec', 'avro', '--schema', 'x', '--subject', 's'],
  )
  const twice = fileIn(folder, 'twice.csv', 'a,b,a\n1,2,3\n')
  await refused(
    'Cannot use the header: column 3 is named "a" like another, expected a name of its own for each column in the first line',
    ...['--codec', 'csv', '--header', '--file', twice],
  )
  assert.equal((await recordsOf(data)).length, 0)
})
