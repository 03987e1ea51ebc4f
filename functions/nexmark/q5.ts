import { hopping, json, pipeline, seconds, tumbling } from 'millrace'
import { bids } from './events.ts'
import { allGreatest } from './greatest.ts'

/** The auctions with the most bids of the last ten seconds, every two seconds. */
export const q5 = pipeline('nexmark-q5', ({ source }) => {
  const hottest = source('bid', bids)
    .keyBy('auction')
    .window(hopping(seconds(10), seconds(2)))
    .count('bids')
    // Rows have the event time of their window's last millisecond: those of one window meet again.
    .keyBy('window', row => row.window.end)
    .window(tumbling(seconds(2)))
    .aggregate(
      'hottest',
      allGreatest(row => row.value),
    )
    .flatMap(({ value: rows }) => rows.map(({ key, value }) => ({ auction: key, num: value })))
  return { result: hottest.toStream('nexmark-q5-result', json()) }
})
