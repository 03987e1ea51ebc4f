import { max, pipeline } from 'millrace'
import { auctions, bids } from './events.ts'

/** The mean of the highest valid bids, for each category of auctions: it changes as higher bids come. */
export const q4 = pipeline('nexmark-q4', ({ source }) => {
  const items = source('auction', auctions)
    .map(({ id, category, expires }) => ({ item: id, category, expires }))
    .keyBy('item')
  const offers = source('bid', bids)
    .map(({ auction, price }) => ({ item: auction, price }))
    .keyBy('item')
  const highest = items
    .join('valid-bids', offers, { until: item => Date.parse(item.expires) }, ({ item, category }, { price }) => ({
      id: item,
      category,
      price,
    }))
    .keyBy('id')
    .aggregate('highest', { category: max(bid => bid.category), final: max(bid => bid.price) })

  const result = highest
    .groupBy('category', row => row.value.category)
    .average('average', row => row.value.final)
    .mapValues((avg, { key: category }) => ({ category, avg }))
  return { result }
})
