import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { column, parquet } from 'millrace/files'
import { Random } from '../random.ts'
import { askDuckdb, withDuckdb } from './duckdb.ts'

const everything = parquet({
  name: column.text,
  small: column.int,
  safe: column.long,
  large: column.bigint,
  ratio: column.float,
  isOpen: column.boolean,
  time: column.timestamp,
  raw: column.bytes,
  note: column.optional(column.text),
  rank: column.optional(column.long),
})
type Row = Parameters<typeof everything.encode>[0][number]

const alphabet = ['a', 'b', 'é', '漢', '🦆', '\0', '"', '\n', ' ']

function randomRow(random: Random): Row {
  return {
    name: random.textOf(alphabet, 12),
    small: random.pick([0, -1, 2 ** 31 - 1, -(2 ** 31), random.below(1000)]),
    safe: random.pick([0, Number.MAX_SAFE_INTEGER, -Number.MAX_SAFE_INTEGER, random.below(1e9)]),
    large: random.pick([0n, 2n ** 63n - 1n, -(2n ** 63n), BigInt(random.below(1e9))]),
    ratio: random.pick([0, 1e308, -1e-308, 0.1, Number.POSITIVE_INFINITY, random.fraction()]),
    isOpen: random.fraction() < 0.5,
    time: random.pick([0, -1, 1_458_678_328_123, 253_402_300_799_999]),
    raw: Uint8Array.from(random.bytes(random.below(6))),
    note: random.pick([undefined, '', random.textOf(alphabet, 5)]),
    rank: random.pick([undefined, random.below(5)]),
  }
}

const rowsOf = (seed: number, count: number): Row[] => {
  const random = new Random(seed)
  return Array.from({ length: count }, () => randomRow(random))
}

for (const count of [1, 2, 17, 500, 5_000]) {
  test(`parquet() reads back what it wrote, ${count} rows`, () => {
    const rows = rowsOf(count, count)
    const bytes = everything.encode(rows)
    assert.deepEqual([...everything.decode(bytes)], rows)
    assert.deepEqual(Buffer.from(everything.encode(rows)), Buffer.from(bytes))
  })
}

test('parquet() writes what DuckDB reads, with types of its own', async () => {
  for (const compression of ['snappy', 'none'] as const) {
    const format = parquet(
      {
        name: column.text,
        small: column.int,
        safe: column.long,
        ratio: column.float,
        isOpen: column.boolean,
        time: column.timestamp,
        raw: column.bytes,
        note: column.optional(column.text),
      },
      { compression },
    )
    const rows = rowsOf(7, 300).filter(row => !row.name.includes('\0') && !(row.note ?? '').includes('\0'))
    const sql = `select name, small, safe, ratio, isOpen, epoch_ms(time) as time, hex(raw) as raw, note from $file`
    const read = await askDuckdb(format.encode(rows), 'rows.parquet', sql)
    assert.deepEqual(
      read,
      rows.map(row => ({
        name: row.name,
        small: row.small,
        safe: BigInt(row.safe),
        ratio: row.ratio,
        isOpen: row.isOpen,
        time: BigInt(row.time),
        raw: Buffer.from(row.raw).toString('hex').toUpperCase(),
        note: row.note ?? null,
      })),
    )
    const types = await askDuckdb(format.encode(rows), 'rows.parquet', 'describe select * from $file')
    assert.deepEqual(
      types.map(each => each.column_type),
      ['VARCHAR', 'INTEGER', 'BIGINT', 'DOUBLE', 'BOOLEAN', 'TIMESTAMP WITH TIME ZONE', 'BLOB', 'VARCHAR'],
    )
  }
})

test('parquet() reads what DuckDB wrote, however it is packed', async () => {
  const format = parquet({
    id: column.long,
    small: column.int,
    name: column.text,
    price: column.float,
    time: column.timestamp,
    day: column.timestamp,
    note: column.optional(column.text),
  })
  const select = `select range as id, (range % 7)::integer as small, 'name ' || (range % 5) as name, range / 4 as price,
    make_timestamp(range * 1000) as time, date '2020-02-29' + (range % 3)::integer as day,
    case when range % 3 = 0 then null else 'n' || range end as note, [1, 2] as others from range(5000)`
  await withDuckdb(async (folder, run) => {
    for (const compression of ['uncompressed', 'snappy', 'gzip', 'zstd', 'brotli']) {
      for (const version of ['V1', 'V2']) {
        const file = join(folder, `${compression}-${version}.parquet`)
        await run(`copy (${select}) to '${file}' (format parquet, compression ${compression}, parquet_version ${version},
          row_group_size 2048)`)
        const rows = [...format.decode(readFileSync(file))]
        assert.equal(rows.length, 5_000)
        for (const [i, row] of rows.entries()) {
          assert.deepEqual(row, {
            id: i,
            small: i % 7,
            name: `name ${i % 5}`,
            price: i / 4,
            time: i,
            day: Date.UTC(2020, 1, 29) + (i % 3) * 86_400_000,
            note: i % 3 === 0 ? undefined : `n${i}`,
          })
        }
      }
    }
  })
})

test('parquet() names what does not fit', async () => {
  const file = parquet({ id: column.int, name: column.optional(column.text) }).encode([{ id: 1, name: undefined }])
  const reads = (format: { decode(bytes: Uint8Array): Iterable<unknown> }) => () => [...format.decode(file)]
  assert.throws(reads(parquet({ other: column.int })), {
    name: 'MalformedRecordError',
    message: 'Cannot read column "other": the file has "id", "name"',
  })
  assert.throws(reads(parquet({ id: column.text })), {
    message: 'Cannot read row 1, column "id": found 1, expected text without half of a surrogate pair',
  })
  assert.throws(reads(parquet({ name: column.text })), {
    message: 'Cannot read row 1, column "name": found null, expected text without half of a surrogate pair',
  })
  assert.throws(() => [...parquet({ id: column.int }).decode(Buffer.from('no parquet at all'))], {
    name: 'MalformedRecordError',
    message: /^Cannot read the file: expected parquet/,
  })
  await withDuckdb(async (folder, run) => {
    const other = join(folder, 'lists.parquet')
    await run(`copy (select [1] as id, timestamp '2020-01-01 00:00:00.000001' as time) to '${other}' (format parquet)`)
    const bytes = readFileSync(other)
    assert.throws(() => [...parquet({ id: column.int }).decode(bytes)], {
      message: 'Cannot read column "id": found many values a row, expected a whole number of 32 bits',
    })
    assert.throws(() => [...parquet({ time: column.timestamp }).decode(bytes)], {
      message: 'Cannot read row 1, column "time": found NaN, expected a time in whole milliseconds since 1970',
    })
  })
})

test('parquet() refuses values that their columns cannot hold, and the file stays as it was', () => {
  const format = parquet({ id: column.int, name: column.text })
  const writer = format.writer?.()
  assert.ok(writer !== undefined)
  writer.add({ id: 1, name: 'one' })
  const wrong: { readonly id: number; readonly name: string }[] = [
    { id: 2 ** 31, name: 'x' },
    { id: 0.5, name: 'x' },
    { id: 1, name: '\ud800' },
  ]
  for (const row of wrong) assert.throws(() => writer.add(row), { name: 'RangeError' })
  assert.deepEqual([...format.decode(writer.finish())], [{ id: 1, name: 'one' }])
  assert.throws(() => format.encode([{ id: 0.5, name: 'x' }]), {
    message: 'Cannot write column 1 "id": found 0.5, expected a whole number of 32 bits',
  })
  assert.deepEqual(
    [...parquet({ x: column.float }).decode(parquet({ x: column.float }).encode([{ x: -0 }]))],
    [{ x: 0 }],
  )
  assert.throws(() => parquet({ time: column.timestamp }).encode([{ time: Number.NaN }]), { name: 'RangeError' })
  assert.throws(() => parquet({ n: column.bigint }).encode([{ n: 2n ** 63n }]), { name: 'RangeError' })
  assert.throws(() => parquet({}), { name: 'ConfigurationError' })
  assert.throws(() => parquet({ 7: column.int }), { name: 'ConfigurationError', message: /a column is named "7"/ })
})

test('parquet() says what is wrong with bytes that were changed at random, and never takes long', () => {
  const bytes = everything.encode(rowsOf(3, 200))
  const random = new Random(99)
  let longestMs = 0
  let read = 0
  for (let i = 0; i < 600; i++) {
    const begun = performance.now()
    const changed = Buffer.from(bytes)
    for (let k = random.between(1, 4); k > 0; k--) changed[random.below(changed.length)] = random.below(256)
    const cut = random.fraction() < 0.2 ? changed.subarray(random.below(changed.length)) : changed
    try {
      for (const _ of everything.decode(cut)) read++
    } catch (error) {
      assert.equal((error as Error).name, 'MalformedRecordError', String((error as Error).stack))
    }
    longestMs = Math.max(longestMs, performance.now() - begun)
  }
  assert.ok(read > 0)
  assert.ok(longestMs < 10_000, `${longestMs} ms for one file`)
})
