import { count, countDistinct } from 'millrace'
import type { Bid } from './events.ts'

const isRank1 = ({ price }: Bid): boolean => price < 10_000
const isRank2 = ({ price }: Bid): boolean => price >= 10_000 && price < 1_000_000
const isRank3 = ({ price }: Bid): boolean => price >= 1_000_000

export const dayOf = (bid: Bid): string => bid.dateTime.slice(0, 10)

/** How many bids there are, in all and by their price. */
export const bidCounts = {
  totalBids: count(),
  rank1Bids: count().where(isRank1),
  rank2Bids: count().where(isRank2),
  rank3Bids: count().where(isRank3),
}

/** The same of those who bid and of what they bid on, each counted once. */
export const distinctCounts = {
  totalBidders: countDistinct((bid: Bid) => bid.bidder),
  rank1Bidders: countDistinct((bid: Bid) => bid.bidder).where(isRank1),
  rank2Bidders: countDistinct((bid: Bid) => bid.bidder).where(isRank2),
  rank3Bidders: countDistinct((bid: Bid) => bid.bidder).where(isRank3),
  totalAuctions: countDistinct((bid: Bid) => bid.auction),
  rank1Auctions: countDistinct((bid: Bid) => bid.auction).where(isRank1),
  rank2Auctions: countDistinct((bid: Bid) => bid.auction).where(isRank2),
  rank3Auctions: countDistinct((bid: Bid) => bid.auction).where(isRank3),
}
