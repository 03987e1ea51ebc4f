import { json, list, map, pipeline } from 'millrace'
import { auctions, bids } from './events.ts'

/** Bids that win as far as one can see: the price, when it was bid, and when nobody can bid any more. */
type Winning = { readonly price: number; readonly timeMs: number; readonly closesMs: number }

/**
 * The mean price of each seller's last ten winning bids, a row for each auction that has one, in the order of the winning bids. A row
 * goes out once its auction and all auctions with earlier winning bids are over.
 */
export const q6 = pipeline('nexmark-q6', ({ source }) => {
  const items = source('auction', auctions)
    .map(({ id, seller, expires }) => ({ item: id, seller, closesMs: Date.parse(expires) }))
    .keyBy('item')
  const offers = source('bid', bids)
    .map(({ auction, price, dateTime }) => ({ item: auction, price, timeMs: Date.parse(dateTime) }))
    .keyBy('item')
  const averages = items
    .join('valid-bids', offers, { until: item => item.closesMs }, (item, offer) => ({ ...item, ...offer }))
    .keyBy('seller')
    .process('last-ten', {
      state: { winning: map<number, Winning>(), prices: list<number>() },

      onRecord({ state, timers }, { item, price, timeMs, closesMs }) {
        const bid = { price, timeMs, closesMs }
        const best = state.winning.get(item)
        if (best === undefined || isBetter(bid, best)) state.winning.set(item, bid)
        timers.event(closesMs)
      },

      *onTimer({ key, state, time }) {
        const inOrder = state.winning.entries().toSorted(([a, one], [b, other]) => one.timeMs - other.timeMs || a - b)
        for (const [id, { price, closesMs }] of inOrder) {
          // A bid that is to come may win this auction, and none earlier than the bid that wins now.
          if (closesMs > time) break
          state.winning.delete(id)
          state.prices.add(price)
          if (state.prices.size > 10) state.prices.shift()
          const prices = state.prices.get()
          yield { seller: key, avgPrice: prices.reduce((sum, each) => sum + each, 0) / prices.length }
        }
      },
    })
  return { result: averages.toStream('nexmark-q6-result', json()) }
})

const isBetter = (one: Winning, other: Winning): boolean =>
  one.price > other.price || (one.price === other.price && one.timeMs < other.timeMs)
