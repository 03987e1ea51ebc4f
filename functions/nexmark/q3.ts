import { json, pipeline } from 'millrace'
import { auctions, persons } from './events.ts'

const states = new Set(['or', 'id', 'ca'])

/** Who sells in category 10 and lives in Oregon, Idaho or California. */
export const q3 = pipeline('nexmark-q3', ({ source }) => {
  const locals = source('person', persons)
    .filter(person => states.has(person.state.toLowerCase()))
    .map(({ id, name, city, state }) => ({ seller: id, name, city, state }))
    .keyBy('seller')
  const items = source('auction', auctions)
    .filter(auction => auction.category === 10)
    .map(({ id, seller }) => ({ id, seller }))
    .keyBy('seller')
  const offers = locals.join('local-items', items, { within: 'forever' }, ({ name, city, state }, { id }) => ({
    name,
    city,
    state,
    id,
  }))
  return { result: offers.toStream('nexmark-q3-result', json()) }
})
