import { pipeline, topN } from 'millrace'
import { bids } from './events.ts'

/** The ten highest bids of each auction, of equal ones the earliest: a row for each rank, which changes as higher bids come. */
export const q19 = pipeline('nexmark-q19', ({ source }) => {
  const result = source('bid', bids)
    .keyBy('auction')
    .aggregate(
      'highest',
      topN(10, bid => bid.price),
    )
    .flatMap(({ value }) => value.map((bid, i) => ({ ...bid, rankNumber: i + 1 })))
    .keyBy('auction-rank', ({ auction, rankNumber }) => [auction, rankNumber])
    .latest('ranked', { by: 'arrival' })
  return { result }
})
