import { maxBy, pipeline } from 'millrace'
import { auctions, bids } from './events.ts'

/** The winning bid of each auction so far: of the highest valid ones the earliest. */
export const q9 = pipeline('nexmark-q9', ({ source }) => {
  const offers = source('bid', bids)
    .map(({ auction, bidder, price, dateTime, extra }) => ({
      auction,
      bidder,
      price,
      bidDateTime: dateTime,
      bidExtra: extra,
    }))
    .keyBy('item', bid => bid.auction)
  const result = source('auction', auctions)
    .keyBy('item', auction => auction.id)
    .join('valid-bids', offers, { until: auction => Date.parse(auction.expires) }, (auction, bid) => ({
      ...auction,
      ...bid,
    }))
    .keyBy('id')
    .aggregate(
      'winning',
      maxBy(bid => bid.price),
    )
  return { result }
})
