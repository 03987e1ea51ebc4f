import { json, pipeline } from 'millrace'
import { auctions, bids, persons } from './events.ts'

/** Bids of those who sell too, with the bidder and each of the auctions that they opened. */
export const q23 = pipeline('nexmark-q23', ({ source }) => {
  const sellers = source('person', persons)
    .keyBy('seller', person => person.id)
    .join(
      'sellers',
      source('auction', auctions).keyBy('seller'),
      { within: 'forever' },
      (person, { itemName, description, initialBid, reserve, dateTime, expires, seller, category, extra }) => ({
        personId: person.id,
        name: person.name,
        emailAddress: person.emailAddress,
        creditCard: person.creditCard,
        city: person.city,
        state: person.state,
        personExtra: person.extra,
        itemName,
        description,
        initialBid,
        reserve,
        auctionDateTime: dateTime,
        expires,
        seller,
        category,
        auctionExtra: extra,
      }),
    )
  const theirBids = source('bid', bids)
    .keyBy('bidder')
    .join(
      'with-seller',
      sellers.keyBy('bidder', ({ seller }) => seller),
      { within: 'forever' },
      ({ bidder, price, channel, url, extra }, seller) => ({ bidder, price, channel, url, bidExtra: extra, ...seller }),
    )
  return { result: theirBids.toStream('nexmark-q23-result', json()) }
})
