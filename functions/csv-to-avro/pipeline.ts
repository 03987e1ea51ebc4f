import { boolOf, csv, decimal, instant, int, long, oneOf, optional, pipeline, text } from 'millrace'
import { avro, avroOf } from 'millrace/avro'
import { confluentRegistry, memoryRegistry, type SchemaSource } from 'millrace/registry'
import { fill, fillWithVenue } from './schemas.ts'

export { samples } from './samples.ts'

const columns = {
  trade_id: long,
  ts: instant,
  acct: int,
  sym: text,
  side: oneOf('B', 'S'),
  qty: int,
  px: decimal,
  fee: optional(decimal),
  internal: boolOf('Y', 'N'),
  memo: optional(text),
} as const

const subject = 'testout-value'

/**
 * Trades as CSV on the stream `test` become fills in Avro on the stream `testout`: columns are renamed, converted and dropped. Fills are
 * written by the schema that the registry has under the subject `testout-value`, and each says which one that was.
 */
export const migrating = (registry: SchemaSource, venue?: string) =>
  pipeline('csv-to-avro', ({ source }) => {
    const trades = source('test', { codec: csv(columns), eventTime: trade => trade.ts })
    const fills = trades
      .filter(trade => !trade.internal)
      .map(trade => ({
        id: Number(trade.trade_id),
        executedAt: trade.ts,
        account: `A-${String(trade.acct).padStart(6, '0')}`,
        symbol: trade.sym,
        direction: trade.side === 'B' ? ('BUY' as const) : ('SELL' as const),
        quantity: trade.qty,
        price: trade.px,
        fee: trade.fee ?? null,
      }))
    if (venue === undefined) return { fills: fills.toStream('testout', avro(fill, { registry, subject })) }
    const written = avro(fillWithVenue, { registry, subject })
    return { fills: fills.map(one => ({ ...one, venue })).toStream('testout', written) }
  })

/** Reads `testout` by the ids in its records alone: it knows of no schema, and so of every one. */
export const looking = (registry: SchemaSource) =>
  pipeline('fills-as-they-are', ({ source }) => ({
    all: source('testout', { codec: avroOf<Readonly<Record<string, unknown>>>({ registry }) }).forEach(() => {}),
  }))

/** Reads `testout` by the newest schema: the fills of before come with the default of what they lack. */
export const countingVenues = (registry: SchemaSource) =>
  pipeline('fills-per-venue', ({ source }) => ({
    venues: source('testout', {
      codec: avro(fillWithVenue, { registry }),
      eventTime: one => one.executedAt,
    })
      .keyBy('venue')
      .count('fills-so-far'),
  }))

/** Without REGISTRY_URL each process has a registry of its own: enough to explain and to simulate, not to read what another wrote. */
const url = process.env.REGISTRY_URL
const registry = url === undefined ? memoryRegistry() : confluentRegistry({ url })

export const csvToAvro = migrating(registry, process.env.VENUE)
export const fillsAsTheyAre = looking(registry)
export const fillsPerVenue = countingVenues(registry)
