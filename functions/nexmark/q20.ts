import { json, pipeline } from 'millrace'
import { auctions, bids } from './events.ts'

/** Bids on auctions of category 10, with all that is known of the auction. */
export const q20 = pipeline('nexmark-q20', ({ source }) => {
  const items = source('auction', auctions).filter(auction => auction.category === 10)
  const expanded = source('bid', bids)
    .keyBy('item', bid => bid.auction)
    .join(
      'with-auction',
      items.keyBy('item', item => item.id),
      { within: 'forever' },
      (bid, { id, dateTime, extra, ...item }) => ({
        auction: id,
        bidder: bid.bidder,
        price: bid.price,
        channel: bid.channel,
        url: bid.url,
        bidDateTime: bid.dateTime,
        bidExtra: bid.extra,
        ...item,
        auctionDateTime: dateTime,
        auctionExtra: extra,
      }),
    )
  return { result: expanded.toStream('nexmark-q20-result', json()) }
})
