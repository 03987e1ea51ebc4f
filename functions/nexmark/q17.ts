import { average, max, min, pipeline, sum } from 'millrace'
import { bids } from './events.ts'
import { bidCounts, dayOf } from './statistics.ts'

/** The bids and prices of each auction and day. */
export const q17 = pipeline('nexmark-q17', ({ source }) => {
  const result = source('bid', bids)
    .keyBy('auction-day', bid => [bid.auction, dayOf(bid)])
    .aggregate('statistics', {
      ...bidCounts,
      minPrice: min(bid => bid.price),
      maxPrice: max(bid => bid.price),
      avgPrice: average(bid => bid.price),
      sumPrice: sum(bid => bid.price),
    })
    .mapValues((statistics, { key: [auction, day] }) => ({ auction, day, ...statistics }))
  return { result }
})
