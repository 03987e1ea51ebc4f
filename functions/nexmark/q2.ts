import { json, pipeline } from 'millrace'
import { bids } from './events.ts'

const chosen = new Set([1007, 1020, 2001, 2019, 2087])

/** The prices bid for a few auctions. */
export const q2 = pipeline('nexmark-q2', ({ source }) => {
  const prices = source('bid', bids)
    .filter(bid => chosen.has(bid.auction))
    .map(({ auction, price }) => ({ auction, price }))
  return { result: prices.toStream('nexmark-q2-result', json()) }
})
