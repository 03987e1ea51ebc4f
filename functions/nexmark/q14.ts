import { json, pipeline } from 'millrace'
import { bids } from './events.ts'
import { euros } from './prices.ts'

/** Large bids, with the time of day and how many letters c they carry. */
export const q14 = pipeline('nexmark-q14', ({ source }) => {
  const large = source('bid', bids)
    .filter(bid => euros(bid.price) > 1_000_000 && euros(bid.price) < 50_000_000)
    .map(({ auction, bidder, price, dateTime, extra }) => ({
      auction,
      bidder,
      price: euros(price),
      bidTimeType: timeOfDay(Number(dateTime.slice(11, 13))),
      dateTime,
      extra,
      cCounts: extra.split('c').length - 1,
    }))
  return { result: large.toStream('nexmark-q14-result', json()) }
})

function timeOfDay(hour: number): string {
  if (hour >= 8 && hour <= 18) return 'dayTime'
  return hour <= 6 || hour >= 20 ? 'nightTime' : 'otherTime'
}
