import { max, pipeline } from 'millrace'
import { bids } from './events.ts'
import { bidCounts, dayOf, distinctCounts } from './statistics.ts'

/** Bids, bidders and auctions of each channel and day, and the last minute of the day that had a bid. */
export const q16 = pipeline('nexmark-q16', ({ source }) => {
  const result = source('bid', bids)
    .keyBy('channel-day', bid => [bid.channel, dayOf(bid)])
    .aggregate('statistics', {
      minute: max(bid => bid.dateTime.slice(11, 16)),
      ...bidCounts,
      ...distinctCounts,
    })
    .mapValues((statistics, { key: [channel, day] }) => ({ channel, day, ...statistics }))
  return { result }
})
