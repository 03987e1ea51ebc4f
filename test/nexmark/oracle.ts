import { join } from 'node:path'
import { type DuckDBConnection, DuckDBInstance, type JS } from '@duckdb/node-api'

export type Row = Readonly<Record<string, unknown>>

/**
 * Answers to the Nexmark queries over a folder's events, evaluated by DuckDB in SQL and sharing nothing with the pipelines. What the
 * project's statements leave open is decided as the pipelines' comments say: ties go to the earlier bid, then to the one with the lower
 * bidder; sessions hold gaps of exactly ten seconds.
 */
export class NexmarkOracle {
  readonly #instance: DuckDBInstance
  readonly #connection: DuckDBConnection

  private constructor(instance: DuckDBInstance, connection: DuckDBConnection) {
    this.#instance = instance
    this.#connection = connection
  }

  static async open(folder: string): Promise<NexmarkOracle> {
    const instance = await DuckDBInstance.create(':memory:')
    const connection = await instance.connect()
    for (const [table, columns] of Object.entries(tables)) {
      const types = Object.entries(columns).map(([name, type]) => `${name}: '${type}'`)
      const path = join(folder, `${table}.jsonl`).replaceAll("'", "''")
      const read = `read_json('${path}', format = 'newline_delimited', columns = {${types.join(', ')}})`
      await connection.run(`CREATE TABLE ${table} AS SELECT *, ${timeOf('dateTime')} AS ms FROM ${read}`)
    }
    return new NexmarkOracle(instance, connection)
  }

  async answer(query: string): Promise<readonly Row[]> {
    const sql = statements[query]
    if (sql === undefined) throw new RangeError(`Cannot answer "${query}": there is no such statement`)
    const result = await this.#connection.runAndReadAll(sql)
    return result.getRowObjectsJS().map(plain)
  }

  close(): void {
    this.#connection.closeSync()
    this.#instance.closeSync()
  }
}

/** Whole numbers as numbers. */
const plain = (row: Record<string, JS>): Row =>
  Object.fromEntries(
    Object.entries(row).map(([name, value]) => [name, typeof value === 'bigint' ? Number(value) : value]),
  )

const timeOf = (column: string): string => `epoch_ms(CAST(rtrim(${column}, 'Z') AS TIMESTAMP))`
const isoOf = (ms: string): string => `strftime(make_timestamp_ms(${ms}), '%Y-%m-%dT%H:%M:%S.%gZ')`

const tables = {
  person: {
    id: 'BIGINT',
    name: 'VARCHAR',
    emailAddress: 'VARCHAR',
    creditCard: 'VARCHAR',
    city: 'VARCHAR',
    state: 'VARCHAR',
    dateTime: 'VARCHAR',
    extra: 'VARCHAR',
  },
  auction: {
    id: 'BIGINT',
    itemName: 'VARCHAR',
    description: 'VARCHAR',
    initialBid: 'BIGINT',
    reserve: 'BIGINT',
    dateTime: 'VARCHAR',
    expires: 'VARCHAR',
    seller: 'BIGINT',
    category: 'BIGINT',
    extra: 'VARCHAR',
  },
  bid: {
    auction: 'BIGINT',
    bidder: 'BIGINT',
    price: 'BIGINT',
    channel: 'VARCHAR',
    url: 'VARCHAR',
    dateTime: 'VARCHAR',
    extra: 'VARCHAR',
  },
}

const ranks = { rank1: 'price < 10000', rank2: 'price >= 10000 AND price < 1000000', rank3: 'price >= 1000000' }
const perRank = (name: string, counted: string): string =>
  [
    `${counted} AS total${name}`,
    ...Object.entries(ranks).map(([rank, range]) => `${counted} FILTER (WHERE ${range}) AS ${rank}${name}`),
  ].join(', ')
const bidCounts = perRank('Bids', 'count(*)')
const distinctCounts = `${perRank('Bidders', 'count(DISTINCT bidder)')}, ${perRank('Auctions', 'count(DISTINCT auction)')}`
const day = `dateTime[1:10]`

/** Bids made while their auction was open, the best of each auction first. */
const valid = `
  SELECT A.id, A.category, A.seller, B.*,
    row_number() OVER (PARTITION BY A.id ORDER BY B.price DESC, B.ms, B.bidder) AS place
  FROM auction A JOIN bid B ON B.auction = A.id AND B.ms BETWEEN A.ms AND ${timeOf('A.expires')}`

const channelId = `regexp_extract(url, '(&|^)channel_id=([^&]*)', 2)`

const statements: Readonly<Record<string, string>> = {
  q0: 'SELECT auction, bidder, price, dateTime FROM bid',
  q1: 'SELECT auction, bidder, CAST(price * 0.908 AS DOUBLE) AS price, dateTime FROM bid',
  q2: 'SELECT auction, price FROM bid WHERE auction IN (1007, 1020, 2001, 2019, 2087)',
  q3: `
    SELECT P.name, P.city, P.state, A.id FROM auction A JOIN person P ON A.seller = P.id
    WHERE A.category = 10 AND lower(P.state) IN ('or', 'id', 'ca')`,
  q4: `
    SELECT category, avg(final) AS avg
    FROM (SELECT id, category, max(price) AS final FROM (${valid}) GROUP BY id, category) GROUP BY category`,
  q5: `
    WITH counts AS (
      SELECT auction, count(*) AS num, (ms // 2000 - hop) * 2000 AS start
      FROM bid, generate_series(0, 4) hops(hop) GROUP BY auction, start)
    SELECT auction, num FROM counts JOIN (SELECT start, max(num) AS most FROM counts GROUP BY start) USING (start)
    WHERE num = most`,
  q6: `
    SELECT seller, avg(price) OVER (PARTITION BY seller ORDER BY ms, id ROWS BETWEEN 9 PRECEDING AND CURRENT ROW) AS avgPrice
    FROM (${valid}) WHERE place = 1`,
  q7: `
    SELECT B.auction, B.price, B.bidder, B.dateTime
    FROM bid B JOIN (SELECT max(price) AS price, (ms // 10000 + 1) * 10000 AS ending FROM bid GROUP BY ending) M
    ON B.price = M.price AND B.ms BETWEEN M.ending - 10000 AND M.ending`,
  q8: `
    SELECT DISTINCT P.id, P.name, ${isoOf('P.ms // 10000 * 10000')} AS startTime
    FROM person P JOIN auction A ON A.seller = P.id AND A.ms // 10000 = P.ms // 10000`,
  q9: `
    SELECT A.* EXCLUDE (ms), V.auction, V.bidder, V.price, V.dateTime AS bidDateTime, V.extra AS bidExtra
    FROM auction A JOIN (${valid}) V ON V.id = A.id AND V.place = 1`,
  q10: `
    SELECT auction, bidder, price, dateTime, ${day} AS date, strftime(make_timestamp_ms(ms), '%I:%M') AS time FROM bid`,
  q11: `
    WITH begins AS (
      SELECT *, coalesce(ms - lag(ms) OVER (PARTITION BY bidder ORDER BY ms) > 10000, true) AS isFirst FROM bid),
    numbered AS (SELECT *, sum(isFirst::INT) OVER (PARTITION BY bidder ORDER BY ms) AS session FROM begins)
    SELECT bidder, count(*) AS bidCount, ${isoOf('min(ms)')} AS startTime, ${isoOf('max(ms) + 10000')} AS endTime
    FROM numbered GROUP BY bidder, session`,
  q12: 'SELECT bidder, count(*) AS bidCount FROM bid GROUP BY bidder',
  q13: 'SELECT auction, bidder, price, dateTime, CAST(auction % 10000 AS VARCHAR) AS value FROM bid',
  q14: `
    SELECT auction, bidder, CAST(price * 0.908 AS DOUBLE) AS price,
      CASE
        WHEN hour(make_timestamp_ms(ms)) BETWEEN 8 AND 18 THEN 'dayTime'
        WHEN hour(make_timestamp_ms(ms)) <= 6 OR hour(make_timestamp_ms(ms)) >= 20 THEN 'nightTime'
        ELSE 'otherTime' END AS bidTimeType,
      dateTime, extra, len(extra) - len(replace(extra, 'c', '')) AS cCounts
    FROM bid WHERE price * 0.908 > 1000000 AND price * 0.908 < 50000000`,
  q15: `SELECT ${day} AS day, ${bidCounts}, ${distinctCounts} FROM bid GROUP BY day`,
  q16: `
    SELECT channel, ${day} AS day, max(dateTime[12:16]) AS minute, ${bidCounts}, ${distinctCounts}
    FROM bid GROUP BY channel, ${day}`,
  q17: `
    SELECT auction, ${day} AS day, ${bidCounts},
      min(price) AS minPrice, max(price) AS maxPrice, avg(price) AS avgPrice, CAST(sum(price) AS BIGINT) AS sumPrice
    FROM bid GROUP BY auction, ${day}`,
  q18: `
    SELECT * EXCLUDE (ms) FROM bid
    QUALIFY row_number() OVER (PARTITION BY bidder, auction ORDER BY ms DESC, extra) = 1`,
  q19: `
    SELECT * EXCLUDE (ms), row_number() OVER (PARTITION BY auction ORDER BY price DESC, ms, bidder) AS rankNumber FROM bid
    QUALIFY rankNumber <= 10`,
  q20: `
    SELECT B.auction, B.bidder, B.price, B.channel, B.url, B.dateTime AS bidDateTime, B.extra AS bidExtra, A.itemName, A.description,
      A.initialBid, A.reserve, A.dateTime AS auctionDateTime, A.expires, A.seller, A.category, A.extra AS auctionExtra
    FROM bid B JOIN auction A ON B.auction = A.id WHERE A.category = 10`,
  q21: `
    SELECT auction, bidder, price, channel,
      CASE lower(channel) WHEN 'apple' THEN '0' WHEN 'google' THEN '1' WHEN 'facebook' THEN '2' WHEN 'baidu' THEN '3'
        ELSE ${channelId} END AS channelId
    FROM bid WHERE ${channelId} <> '' OR lower(channel) IN ('apple', 'google', 'facebook', 'baidu')`,
  q22: `
    SELECT auction, bidder, price, channel,
      split_part(url, '/', 4) AS dir1, split_part(url, '/', 5) AS dir2, split_part(url, '/', 6) AS dir3 FROM bid`,
  q23: `
    SELECT B.bidder, B.price, B.channel, B.url, B.extra AS bidExtra, P.id AS personId, P.name, P.emailAddress, P.creditCard,
      P.city, P.state, P.extra AS personExtra, A.itemName, A.description, A.initialBid, A.reserve,
      A.dateTime AS auctionDateTime, A.expires, A.seller, A.category, A.extra AS auctionExtra
    FROM bid B JOIN person P ON P.id = B.bidder JOIN auction A ON A.seller = B.bidder`,
}
