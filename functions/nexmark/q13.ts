import { json, pipeline } from 'millrace'
import { bids } from './events.ts'

/** What is known beforehand: ten thousand keys, each with its value. */
const side = new Map(Array.from({ length: 10_000 }, (_, key) => [key, String(key)]))

/** Bids joined with data that does not change. */
export const q13 = pipeline('nexmark-q13', ({ source }) => {
  const joined = source('bid', bids).flatMap(({ auction, bidder, price, dateTime }) => {
    const value = side.get(auction % 10_000)
    return value === undefined ? [] : [{ auction, bidder, price, dateTime, value }]
  })
  return { result: joined.toStream('nexmark-q13-result', json()) }
})
