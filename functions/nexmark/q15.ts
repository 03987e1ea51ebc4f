import { pipeline } from 'millrace'
import { bids } from './events.ts'
import { bidCounts, dayOf, distinctCounts } from './statistics.ts'

/** Bids, bidders and auctions of each day. */
export const q15 = pipeline('nexmark-q15', ({ source }) => {
  const result = source('bid', bids)
    .keyBy('day', dayOf)
    .aggregate('statistics', { ...bidCounts, ...distinctCounts })
    .mapValues((statistics, { key: day }) => ({ day, ...statistics }))
  return { result }
})
