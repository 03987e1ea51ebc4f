import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { DuckDBInstance } from '@duckdb/node-api'
import { hopping, json, milliseconds, pipeline, session, tumbling } from 'millrace'
import type { OracleRecord } from '../../local/simulator/oracle/index.ts'
import { Random } from '../../local/simulator/random.ts'
import { evaluated, record, rowsOf } from './oracle-input.ts'

type Sale = { readonly time: number; readonly shop: string; readonly item: number; readonly cents: number }

const sales = pipeline('sales', ({ source }) => {
  const all = source('facts', { codec: json<Sale>(), eventTime: sale => sale.time, outOfOrder: milliseconds(1_000) })
  const byShop = all.keyBy('shop')
  const perWindow = byShop.window(hopping(milliseconds(300), milliseconds(100))).sum('per-window', each => each.cents)
  return {
    counts: byShop.count('counts'),
    means: byShop.average('means', each => each.cents),
    least: byShop.window(tumbling(milliseconds(250))).min('least', each => each.cents),
    perWindow,
    best: perWindow.top('best', 2),
    sessions: byShop.window(session(milliseconds(40))).max('sessions', each => each.cents),
    items: all
      .keyBy('item')
      .distinct('items')
      .map(({ item }) => ({ rest: item % 3 }))
      .keyBy('rest')
      .count('items-per-rest'),
    cheap: all.filter(each => each.cents < 500).toFiles(json<Sale>()),
    windowsPerShop: perWindow.keyBy('windows', row => row.key).count('windows-per-shop'),
  }
})

/** Each output as SQL. */
const queries: Readonly<Record<string, string>> = {
  counts: 'SELECT shop AS key, count(*) AS value FROM sales GROUP BY shop',
  means: 'SELECT shop AS key, sum(cents) / count(*) AS value FROM sales GROUP BY shop',
  least: `SELECT shop AS key, time - time % 250 AS "start", time - time % 250 + 250 AS "end", min(cents) AS value
    FROM sales GROUP BY ALL`,
  perWindow: 'SELECT * FROM windows',
  best: `SELECT "start", "end", rank, key, value FROM (
      SELECT *, row_number() OVER (PARTITION BY "start" ORDER BY value DESC, key) AS rank FROM windows
    ) WHERE rank <= 2`,
  sessions: `WITH marked AS (
      SELECT *, time - lag(time, 1, -1000000) OVER (PARTITION BY shop ORDER BY time) > 40 AS begins FROM sales
    ), numbered AS (
      SELECT *, sum(begins::INT) OVER (PARTITION BY shop ORDER BY time ROWS UNBOUNDED PRECEDING) AS session FROM marked
    )
    SELECT shop AS key, min(time) AS "start", max(time) + 40 AS "end", max(cents) AS value
    FROM numbered GROUP BY shop, session`,
  items: 'SELECT item % 3 AS key, count(DISTINCT item) AS value FROM sales GROUP BY item % 3',
  cheap: 'SELECT time, shop, item, cents FROM sales WHERE cents < 500',
  windowsPerShop: 'SELECT key, count(*) AS value FROM windows GROUP BY key',
}

const windowsSql = `CREATE VIEW windows AS
  SELECT shop AS key, "start", "start" + 300 AS "end", sum(cents) AS value
  FROM (SELECT *, unnest([time - time % 100 - 200, time - time % 100 - 100, time - time % 100]) AS "start" FROM sales)
  GROUP BY ALL`

describe('the oracle comes to what DuckDB does', () => {
  for (const seed of [1, 2, 3]) {
    it(`on random sales, seed ${seed}`, async () => {
      const random = new Random(seed)
      const all = Array.from({ length: 800 }, (_, i) => ({
        time: 10_000 + i * 3 - random.below(900),
        shop: `s${random.below(6)}`,
        item: random.below(40),
        cents: random.below(1_000),
      }))
      const expected = evaluated(
        sales,
        all.map((sale): OracleRecord => record(sale)),
      )
      assert.deepEqual(expected.sources.get('facts'), { read: 800, malformed: 0, late: 0 })
      const answers = await answersOf(all)
      for (const [name, answer] of Object.entries(answers)) {
        const output = expected.outputs.get(name)
        const values = output?.kind === 'values' ? output.values : rowsOf(output)
        assert.deepEqual(textsOf(values.map(flat)), textsOf(answer), name)
      }
    })
  }
})

async function answersOf(all: readonly Sale[]): Promise<Record<string, Record<string, unknown>[]>> {
  const instance = await DuckDBInstance.create(':memory:')
  const connection = await instance.connect()
  try {
    const rows = all.map(({ time, shop, item, cents }) => `(${time}, '${shop}', ${item}, ${cents})`)
    await connection.run('CREATE TABLE sales (time BIGINT, shop TEXT, item INT, cents INT)')
    await connection.run(`INSERT INTO sales VALUES ${rows.join(', ')}`)
    await connection.run(windowsSql)
    const answers: Record<string, Record<string, unknown>[]> = {}
    for (const [name, sql] of Object.entries(queries)) {
      answers[name] = (await connection.runAndReadAll(sql)).getRowObjectsJS()
    }
    return answers
  } finally {
    connection.closeSync()
    instance.closeSync()
  }
}

/** A row as SQL has it: without a window as a part of its own. */
function flat(row: unknown): object {
  const { window, ...rest } = row as { readonly window?: object }
  return { ...window, ...rest }
}

const textsOf = (rows: readonly object[]): string[] =>
  rows
    .map(row =>
      JSON.stringify(
        Object.entries(row)
          .map(([name, value]) => [name, plain(value)])
          .sort(),
      ),
    )
    .sort()

const plain = (value: unknown): unknown => (typeof value === 'bigint' ? Number(value) : value)
