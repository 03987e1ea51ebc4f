import { isUtf8 } from 'node:buffer'
import { createReadStream } from 'node:fs'
import { type DuckDBConnection, DuckDBDataChunkWriter, DuckDBInstance, type JS } from '@duckdb/node-api'
import type { OrdersViews, WindowBounds } from '../../bench/bare-orders.ts'

export type OrdersVerdict = {
  /** Lines, malformed ones included. */
  readonly read: number
  readonly malformed: number
  /** Well-formed lines more than `lateAfterMs` behind the greatest timestamp before them in the file. All views count them. */
  readonly late: number
  readonly views: OrdersViews
}

/**
 * What an orders file comes to, evaluated by DuckDB and sharing nothing with the engine. The bytes are only cut into lines
 * here; which lines are malformed and what the others add up to is said in SQL:
 *
 * - a line ends with LF or CRLF, the last one may lack it, a byte order mark at the start of the file is dropped;
 * - well-formed is valid UTF-8 of exactly 7 columns: a timestamp `yyyy-MM-dd HH:mm:ss` that the calendar has; whole numbers
 *   of digits with an optional minus, none beyond the safe integers; any symbol, the empty one too; a price of digits with an
 *   optional minus and optional decimals; side B or S. No quotes, no spaces around values.
 * - turnover is summed in exact decimals and rounded to a number once, at the end. A price beyond DECIMAL(18, 6) is refused.
 *
 * `lateAfterMs` is the pipeline's `outOfOrder`, by default its 5 s.
 */
export async function ordersOracle(path: string, { lateAfterMs = 5_000 } = {}): Promise<OrdersVerdict> {
  const instance = await DuckDBInstance.create(':memory:')
  const connection = await instance.connect()
  try {
    await loadLines(connection, path)
    await connection.run(tradesSql)
    const [counts] = await rowsOf(connection, countsSql, [lateAfterMs])
    const inexact = numberIn(counts, 'inexact')
    if (inexact > 0) {
      throw new RangeError(
        `Cannot evaluate "${path}": ${inexact} prices do not fit DECIMAL(18, 6), whole parts have up to 12 digits and decimals up to 6`,
      )
    }
    return {
      read: numberIn(counts, 'read'),
      malformed: numberIn(counts, 'read') - numberIn(counts, 'valid'),
      late: numberIn(counts, 'late'),
      views: await viewsOf(connection),
    }
  } finally {
    connection.closeSync()
    instance.closeSync()
  }
}

async function viewsOf(connection: DuckDBConnection): Promise<OrdersViews> {
  const sides = await rowsOf(connection, sidesSql)
  const totals = await rowsOf(connection, totalsSql)
  const topClients = await rowsOf(connection, topClientsSql)
  const topSymbols = await rowsOf(connection, topSymbolsSql)
  return {
    sides: sides.map(row => ({ key: textIn(row, 'key'), window: windowIn(row), value: numberIn(row, 'value') })),
    totals: totals.map(row => ({ key: textIn(row, 'key'), value: numberIn(row, 'value') })),
    topClients: topClients.map(row => ({
      rank: numberIn(row, 'rank'),
      key: numberIn(row, 'key'),
      value: numberIn(row, 'value'),
    })),
    topSymbols: topSymbols.map(row => ({
      window: windowIn(row),
      rank: numberIn(row, 'rank'),
      key: textIn(row, 'key'),
      value: numberIn(row, 'value'),
    })),
  }
}

// TRY_CAST even where the pattern has been checked: the optimizer may evaluate conditions in any order
const tradesSql = String.raw`
  CREATE TABLE trades AS
  WITH split AS (
    SELECT n, string_split(line, ',') AS c FROM lines
  ), parsed AS (
    SELECT
      n,
      TRY_CAST(c[1] AS TIMESTAMP) AS time,
      TRY_CAST(c[2] AS HUGEINT) AS order_id,
      TRY_CAST(c[3] AS HUGEINT) AS client_id,
      c[4] AS symbol,
      TRY_CAST(c[5] AS HUGEINT) AS amount,
      c[6] AS price_text,
      TRY_CAST(c[6] AS DECIMAL(18, 6)) AS price,
      c[7] AS side
    FROM split
    WHERE len(c) = 7
      AND regexp_full_match(c[1], '\d{4}-\d{2}-\d{2} ([01]\d|2[0-3]):[0-5]\d:[0-5]\d')
      AND regexp_full_match(c[2], '-?\d+')
      AND regexp_full_match(c[3], '-?\d+')
      AND regexp_full_match(c[5], '-?\d+')
      AND regexp_full_match(c[6], '-?\d+(\.\d+)?')
      AND c[7] IN ('B', 'S')
  )
  SELECT
    n, time, client_id::BIGINT AS client_id, symbol, amount::BIGINT AS amount, price, side,
    price IS NULL OR regexp_matches(price_text, '\.\d{6}\d*[1-9]') AS inexact
  FROM parsed
  WHERE time IS NOT NULL
    AND abs(order_id) <= 9007199254740991
    AND abs(client_id) <= 9007199254740991
    AND abs(amount) <= 9007199254740991`

const countsSql = `
  SELECT
    (SELECT count(*) FROM lines) AS read,
    (SELECT count(*) FROM trades) AS valid,
    (SELECT count(*) FROM trades WHERE inexact) AS inexact,
    (
      SELECT count(*)
      FROM (
        SELECT time, max(time) OVER (ORDER BY n ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS latest FROM trades
      )
      WHERE epoch_ms(time) < epoch_ms(latest) - $1
    ) AS late`

const sidesSql = `
  WITH windows AS (
    SELECT side AS key, time_bucket(INTERVAL 1 MINUTE, time, TIMESTAMP '1970-01-01') AS start FROM trades
  )
  SELECT key, epoch_ms(start) AS start, epoch_ms(start + INTERVAL 1 MINUTE) AS end, count(*) AS value
  FROM windows
  GROUP BY ALL
  ORDER BY start, key`

const totalsSql = `
  SELECT side AS key, count(*) AS value FROM trades GROUP BY ALL ORDER BY key`

const topClientsSql = `
  WITH turnovers AS (
    SELECT client_id AS key, sum(amount * price) AS value FROM trades GROUP BY ALL
  )
  SELECT row_number() OVER (ORDER BY value DESC, key) AS rank, key, value::VARCHAR AS value
  FROM turnovers
  QUALIFY rank <= 5
  ORDER BY rank`

// DuckDB orders text by code point. By UTF-16 code unit U+E000 to U+FFFF come after everything that takes two units, so
// they sort with the last code point put before them
const topSymbolsSql = String.raw`
  WITH placed AS (
    SELECT time_bucket(INTERVAL 5 MINUTES, time, TIMESTAMP '1970-01-01') - hop * INTERVAL 5 MINUTES AS start, symbol, amount
    FROM trades, range(12) AS hops(hop)
  ), volumes AS (
    SELECT start, symbol AS key, sum(amount) AS value FROM placed GROUP BY ALL
  ), ordered AS (
    SELECT *, regexp_replace(key, '([\x{E000}-\x{FFFF}])', chr(1114111) || '\1', 'g') AS by_unit FROM volumes
  )
  SELECT
    epoch_ms(start) AS start,
    epoch_ms(start + INTERVAL 1 HOUR) AS end,
    row_number() OVER (PARTITION BY start ORDER BY value DESC, by_unit) AS rank,
    key,
    value
  FROM ordered
  QUALIFY rank <= 5
  ORDER BY start, rank`

/** Fills the table `lines` with the file's lines, numbered from 1. Text cannot hold a line that is not UTF-8: it becomes U+FFFD. */
async function loadLines(connection: DuckDBConnection, path: string): Promise<void> {
  await connection.run('CREATE TABLE lines (n BIGINT, line VARCHAR)')
  const appender = await connection.createAppender('lines')
  const writer = DuckDBDataChunkWriter.forAppender(appender)
  let n = 0n
  for await (const lines of linesOf(path)) {
    for (const line of lines) writer.appendRow([++n, isUtf8(line) ? line.toString('utf8') : '\ufffd'])
  }
  writer.flush()
  appender.closeSync()
}

async function* linesOf(path: string): AsyncGenerator<Buffer[], void, undefined> {
  let rest: Buffer = Buffer.alloc(0)
  let isStart = true
  const blocks: AsyncIterable<Buffer> = createReadStream(path, { highWaterMark: 1024 * 1024 })
  for await (const block of blocks) {
    rest = rest.length === 0 ? block : Buffer.concat([rest, block])
    if (isStart && rest.length < byteOrderMark.length) continue
    if (isStart && rest.subarray(0, byteOrderMark.length).equals(byteOrderMark))
      rest = rest.subarray(byteOrderMark.length)
    isStart = false
    const lines: Buffer[] = []
    let from = 0
    for (let end = rest.indexOf(lineFeed); end !== -1; end = rest.indexOf(lineFeed, from)) {
      lines.push(withoutCarriageReturn(rest.subarray(from, end)))
      from = end + 1
    }
    rest = rest.subarray(from)
    yield lines
  }
  if (rest.length > 0) yield [withoutCarriageReturn(rest)]
}

const byteOrderMark = Buffer.from([0xef, 0xbb, 0xbf])
const lineFeed = 0x0a
const carriageReturn = 0x0d
const withoutCarriageReturn = (line: Buffer): Buffer =>
  line.at(-1) === carriageReturn ? line.subarray(0, line.length - 1) : line

type Row = Readonly<Record<string, JS>>

async function rowsOf(connection: DuckDBConnection, sql: string, values: number[] = []): Promise<Row[]> {
  return (await connection.runAndReadAll(sql, values)).getRowObjectsJS()
}

const windowIn = (row: Row): WindowBounds => ({ start: numberIn(row, 'start'), end: numberIn(row, 'end') })

function numberIn(row: Row | undefined, name: string): number {
  const value = row?.[name]
  if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'string') return Number(value)
  throw new TypeError(`Cannot read column "${name}": ${String(value)} is not a number`)
}

function textIn(row: Row, name: string): string {
  const value = row[name]
  if (typeof value === 'string') return value
  throw new TypeError(`Cannot read column "${name}": ${String(value)} is not a string`)
}
