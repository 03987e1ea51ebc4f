import { json, pipeline, seconds, session } from 'millrace'
import { bids, isoTime } from './events.ts'

/** How many bids each bidder made in a session, which ends when none follows for ten seconds. */
export const q11 = pipeline('nexmark-q11', ({ source }) => {
  const sessions = source('bid', bids)
    .keyBy('bidder')
    .window(session(seconds(10)))
    .count('bids')
    .map(({ key, window, value }) => ({
      bidder: key,
      bidCount: value,
      startTime: isoTime(window.start),
      endTime: isoTime(window.end),
    }))
  return { result: sessions.toStream('nexmark-q11-result', json()) }
})
