import { json, pipeline } from 'millrace'
import { bids } from './events.ts'

/** Every bid as it is: what the pipeline itself costs. */
export const q0 = pipeline('nexmark-q0', ({ source }) => {
  const passed = source('bid', bids).map(({ auction, bidder, price, dateTime }) => ({
    auction,
    bidder,
    price,
    dateTime,
  }))
  return { result: passed.toStream('nexmark-q0-result', json()) }
})
