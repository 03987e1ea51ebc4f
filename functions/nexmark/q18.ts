import { pipeline } from 'millrace'
import { type Bid, bids } from './events.ts'

/** The last bid of each bidder for each auction; of several at one time the one whose `extra` comes first. */
export const q18 = pipeline('nexmark-q18', ({ source }) => {
  const result = source('bid', bids)
    .keyBy('bidder-auction', ({ bidder, auction }) => [bidder, auction])
    .reduce('last-bid', later)
  return { result }
})

function later(one: Bid, other: Bid): Bid {
  if (one.dateTime !== other.dateTime) return one.dateTime > other.dateTime ? one : other
  return one.extra <= other.extra ? one : other
}
