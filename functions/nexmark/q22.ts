import { json, pipeline } from 'millrace'
import { bids } from './events.ts'

/** Bids with the folders of their address. */
export const q22 = pipeline('nexmark-q22', ({ source }) => {
  const folders = source('bid', bids).map(({ auction, bidder, price, channel, url }) => {
    const [dir1, dir2, dir3] = url.split('/').slice(3)
    return { auction, bidder, price, channel, dir1, dir2, dir3 }
  })
  return { result: folders.toStream('nexmark-q22-result', json()) }
})
