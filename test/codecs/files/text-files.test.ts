import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parse } from 'csv-parse/sync'
import { bool, float, int, json, optional, text, timestamp, utf8 } from 'millrace'
import { csvFile, ndjson } from 'millrace/files'
import { lines } from '../../../shared/codecs/files/lines.ts'
import { Random } from '../random.ts'
import { askDuckdb } from './duckdb.ts'

const trades = csvFile({
  id: int,
  symbol: text,
  price: float,
  isOpen: bool,
  time: timestamp('yyyy-MM-dd HH:mm:ss.SSS'),
  note: optional(text),
})
type Trade = Parameters<typeof trades.encode>[0][number]

const alphabet = ['a', 'b', ',', '"', '\n', '\r', 'é', '🦆', ' ', ';']

function randomTrades(seed: number, count: number): Trade[] {
  const random = new Random(seed)
  return Array.from({ length: count }, (_, id) => ({
    id,
    symbol: random.textOf(alphabet, 8),
    price: random.pick([0, 1.5, 1e21, -2.25, random.fraction()]),
    isOpen: random.fraction() < 0.5,
    time: random.below(2_000_000_000) * 1_000 + random.below(1_000),
    note: random.pick([undefined, '', random.textOf(alphabet, 5)]),
  }))
}

test('csvFile() reads back what it wrote, line breaks and quotes in it or not', () => {
  for (const seed of [1, 2, 3, 4]) {
    const rows = randomTrades(seed, 400)
    const bytes = trades.encode(rows)
    assert.deepEqual([...trades.decode(bytes)], rows)
    assert.deepEqual(Buffer.from(trades.encode(rows)), Buffer.from(bytes))
  }
  assert.deepEqual([...trades.decode(trades.encode([]))], [])
})

test('csvFile() writes what DuckDB reads, its header by name', async () => {
  const rows = randomTrades(9, 300)
  const sql = `select id, coalesce(symbol, '') as symbol, price, isOpen, epoch_ms(time::timestamp) as time, note from read_csv($file,
    header = true, delim = ',', quote = '"', escape = '"', allow_quoted_nulls = false, new_line = '\\n',
    columns = {id: 'BIGINT', symbol: 'VARCHAR', price: 'DOUBLE', isOpen: 'BOOLEAN', time: 'TIMESTAMP', note: 'VARCHAR'})`
  const read = await askDuckdb(trades.encode(rows), 'trades.csv', sql)
  assert.deepEqual(
    read,
    rows.map(row => ({ ...row, id: BigInt(row.id), time: BigInt(row.time), note: row.note ?? null })),
  )
})

test('csvFile() writes its header once, or not at all, with the delimiter of its lines', () => {
  const names = { 'a;b': int, c: text }
  const rows = [
    { 'a;b': 1, c: 'x' },
    { 'a;b': 2, c: 'y;z' },
  ]
  const written = (options: Parameters<typeof csvFile>[1]) =>
    Buffer.from(csvFile(names, options).encode(rows)).toString()
  assert.equal(written({ delimiter: ';' }), '"a;b";c\n1;x\n2;"y;z"\n')
  assert.equal(written({ header: false }), '1,x\n2,y;z\n')
})

test('csvFile() reads columns by their names, in any order', () => {
  const format = csvFile({ id: int, name: text }, { otherColumns: 'ignore' })
  const file = Buffer.from('name,x,id\r\n"a\nb",,1\r\nc,"",2')
  assert.deepEqual(
    [...format.decode(file)],
    [
      { id: 1, name: 'a\nb' },
      { id: 2, name: 'c' },
    ],
  )
})

test('csvFile() reads files of other systems, and says what is wrong on which line', () => {
  const format = csvFile({ id: int, name: text })
  const read = (content: string) => [...format.decode(Buffer.from(content))]
  const rows = [
    { id: 1, name: 'a\r\nb' },
    { id: 2, name: 'c' },
  ]
  assert.deepEqual(read('\ufeffid,name\r\n1,"a\r\nb"\r\n2,c'), rows)
  const says = (content: string, message: string) =>
    assert.throws(() => read(content), { name: 'MalformedRecordError', message })
  says('', 'Cannot read a CSV file: found nothing, expected a header')
  const lacks = 'Cannot read line 1: Cannot read the header: found "id" without "name", expected "id", "name"'
  says('id\n', lacks)
  const more = `found also "x", expected only "id", "name", or otherColumns: 'ignore'`
  says('name,id,x\n', `Cannot read line 1: Cannot read the header: ${more}`)
  says('id,name\n1,"a\nb"\nx,c\n', 'Cannot read line 4: Cannot read column 1 "id": found "x", expected a whole number')
  says('id,name\n1,a\n\n', 'Cannot read line 3: Cannot read the line: found nothing, expected 2 columns')
  says(
    'id,name\n1,"a\n2,b\n',
    'Cannot read line 2: Cannot read column 2 "name": found "\\"a\\n2,b", expected a closing quote',
  )
})

test('csvFile() opens a quote only where a column begins', () => {
  const format = csvFile({ id: int, name: text })
  const says = (content: string, message: string) =>
    assert.throws(() => [...format.decode(Buffer.from(content))], { name: 'MalformedRecordError', message })
  const quotes = 'expected quotes around the whole column, doubled inside it'
  says(
    'id,name\n1,5" pipe\n2,6" pipe\n',
    `Cannot read line 2: Cannot read column 2 "name": found "5\\" pipe", ${quotes}`,
  )
  says(
    'id,name\n1,"a\n""b"" c"\n2, "x\n3,y"\n',
    `Cannot read line 4: Cannot read column 2 "name": found " \\"x", ${quotes}`,
  )
  says('id,name\n1,"a"b"\n2,c\n', `Cannot read line 2: Cannot read column 2 "name": found "\\"a\\"b\\"", ${quotes}`)
})

test('csvFile() finds the rows that csv-parse finds, wherever quotes stand', () => {
  const random = new Random(7)
  const three = csvFile({ a: text, b: text, c: text }, { header: false })
  const texts = ['', 'a', '5" pipe', '"', '""', 'l1\nl2', 'l1\r\nl2', '\n', 'm,n', 'ö', ' "x']
  const quoted = (value: string) =>
    /[",\r\n]/.test(value) || random.below(3) === 0 ? `"${value.replaceAll('"', '""')}"` : value
  for (let round = 0; round < 500; round++) {
    const end = random.pick(['\n', '\r\n'])
    const rows = Array.from({ length: 1 + random.below(6) }, () => [0, 1, 2].map(() => random.pick(texts)))
    const content = rows.map(row => row.map(quoted).join(',')).join(end)
    assert.deepEqual(parse(content, { record_delimiter: ['\n', '\r\n'] }), rows)
    assert.deepEqual(
      [...three.decode(Buffer.from(content))].map(({ a, b, c }) => [a, b, c]),
      rows,
    )
  }
})

test('csvFile() throws nothing but malformed records for bytes that were changed at random', () => {
  const bytes = trades.encode(randomTrades(5, 50))
  const random = new Random(5)
  for (let i = 0; i < 1_000; i++) {
    const changed = Buffer.from(bytes)
    for (let k = random.between(1, 4); k > 0; k--) changed[random.below(changed.length)] = random.below(256)
    try {
      assert.ok([...trades.decode(changed)].length <= 400)
    } catch (error) {
      assert.equal((error as Error).name, 'MalformedRecordError')
    }
  }
})

test('ndjson() writes a value a line, and reads what others wrote', async () => {
  const format = ndjson<{ readonly id: number; readonly text: string }>()
  const values = [
    { id: 1, text: 'a\nb' },
    { id: 2, text: '🦆"' },
  ]
  const bytes = format.encode(values)
  assert.equal(Buffer.from(bytes).toString(), '{"id":1,"text":"a\\nb"}\n{"id":2,"text":"🦆\\""}\n')
  assert.deepEqual([...format.decode(bytes)], values)
  assert.deepEqual([...format.decode(Buffer.from('{"id":1,"text":""}\r\n\n{"id":2,"text":"x"}'))].length, 2)
  assert.throws(() => [...format.decode(Buffer.from('{}\n{'))], {
    name: 'MalformedRecordError',
    message: /^Cannot read line 2: Cannot read JSON: found "\{"/,
  })
})

test('ndjson() refuses a value that is not one line', () => {
  assert.throws(() => ndjson(utf8).encode(['a\nb']), {
    name: 'RangeError',
    message: 'Cannot write a line of NDJSON: codec utf8 wrote "a\\nb", expected text without a line break',
  })
  assert.throws(() => ndjson(utf8).encode(['']), { message: /codec utf8 wrote nothing/ })
  assert.throws(() => ndjson(json<unknown>()).encode([undefined]), { name: 'RangeError' })
})

test('lines() ends each value with a line break, unless its codec did', () => {
  const format = lines(utf8, 'log')
  assert.equal(Buffer.from(format.encode(['one', 'two\n', 'three'])).toString(), 'one\ntwo\nthree\n')
  assert.deepEqual([...format.decode(Buffer.from('one\n\ntwo'))], ['one', 'two'])
})
