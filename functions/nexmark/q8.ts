import { json, pipeline, seconds, tumbling } from 'millrace'
import { auctions, isoTime, persons } from './events.ts'

/** Who registered and opened an auction within the same ten seconds. */
export const q8 = pipeline('nexmark-q8', ({ source }) => {
  const sellers = source('auction', auctions)
    .map(({ seller }) => ({ seller }))
    .keyBy('seller')
  const newSellers = source('person', persons)
    .map(({ id, name }) => ({ seller: id, name }))
    .keyBy('seller')
    .window(tumbling(seconds(10)))
    .join('new-sellers', sellers, { type: 'semi' })
    .map(({ key, window, value: { name } }) => ({ id: key, name, startTime: isoTime(window.start) }))
  return { result: newSellers.toStream('nexmark-q8-result', json()) }
})
