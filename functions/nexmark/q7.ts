import { json, milliseconds, pipeline, seconds, tumbling } from 'millrace'
import { bids } from './events.ts'

/** The bids with the highest price of ten seconds. */
export const q7 = pipeline('nexmark-q7', ({ source }) => {
  const all = source('bid', bids).map(({ auction, price, bidder, dateTime }) => ({ auction, price, bidder, dateTime }))
  const highest = all
    .keyBy('auction')
    .window(tumbling(seconds(10)))
    .max('highest-of-auction', bid => bid.price)
    .top('highest', 1)
    .keyBy('price', row => row.value)
    .join(
      'of-that-price',
      all.keyBy('price'),
      // From the window's start to its end, as a row has the time of the window's last millisecond.
      { before: milliseconds(9_999), after: milliseconds(1) },
      (_, bid) => bid,
    )
  return { result: highest.toStream('nexmark-q7-result', json()) }
})
