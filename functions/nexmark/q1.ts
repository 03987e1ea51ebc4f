import { json, pipeline } from 'millrace'
import { bids } from './events.ts'
import { euros } from './prices.ts'

/** Bids with their price in euros. */
export const q1 = pipeline('nexmark-q1', ({ source }) => {
  const converted = source('bid', bids).map(({ auction, bidder, price, dateTime }) => ({
    auction,
    bidder,
    price: euros(price),
    dateTime,
  }))
  return { result: converted.toStream('nexmark-q1-result', json()) }
})
