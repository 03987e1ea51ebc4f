import { json, pipeline, seconds, tumbling } from 'millrace'
import { type Bid, isoTime } from './events.ts'

/** How many bids of each bidder came in ten seconds, by the time at which they came: the source is told of no event time. */
export const q12 = pipeline('nexmark-q12', ({ source }) => {
  const counts = source('bid', { codec: json<Bid>() })
    .keyBy('bidder')
    .window(tumbling(seconds(10)))
    .count('bids')
    .map(({ key, window, value }) => ({
      bidder: key,
      bidCount: value,
      startTime: isoTime(window.start),
      endTime: isoTime(window.end),
    }))
  return { result: counts.toStream('nexmark-q12-result', json()) }
})
