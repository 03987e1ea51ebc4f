import { json, type SourceOptions, seconds } from 'millrace'

/** Someone who sells and bids. Times are ISO texts in UTC, in all three kinds of events. */
export type Person = {
  readonly id: number
  readonly name: string
  readonly emailAddress: string
  readonly creditCard: string
  readonly city: string
  readonly state: string
  readonly dateTime: string
  readonly extra: string
}

/** Something for sale, from `dateTime` until `expires`, both included. */
export type Auction = {
  readonly id: number
  readonly itemName: string
  readonly description: string
  readonly initialBid: number
  readonly reserve: number
  readonly dateTime: string
  readonly expires: string
  readonly seller: number
  readonly category: number
  readonly extra: string
}

/** An offer for an auction; the price is in cents of a dollar. */
export type Bid = {
  readonly auction: number
  readonly bidder: number
  readonly price: number
  readonly channel: string
  readonly url: string
  readonly dateTime: string
  readonly extra: string
}

/** Events up to four seconds out of order, by the time that they carry. */
function byDateTime<T extends { readonly dateTime: string }>(): SourceOptions<T> {
  return { codec: json<T>(), eventTime: event => Date.parse(event.dateTime), outOfOrder: seconds(4) }
}

export const persons = byDateTime<Person>()
export const auctions = byDateTime<Auction>()
export const bids = byDateTime<Bid>()

/** An event time in epoch milliseconds, as the events write it. */
export const isoTime = (timeMs: number): string => new Date(timeMs).toISOString()
