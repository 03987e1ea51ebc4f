import { json, pipeline } from 'millrace'
import { type Bid, bids } from './events.ts'

const known = new Map([
  ['apple', '0'],
  ['google', '1'],
  ['facebook', '2'],
  ['baidu', '3'],
])

/** Bids with the id of their channel: of the large ones a number, else what the address says; those of no known channel are left out. */
export const q21 = pipeline('nexmark-q21', ({ source }) => {
  const ofChannels = source('bid', bids).flatMap(bid => {
    const channelId = channelIdOf(bid)
    const { auction, bidder, price, channel } = bid
    return channelId === undefined ? [] : [{ auction, bidder, price, channel, channelId }]
  })
  return { result: ofChannels.toStream('nexmark-q21-result', json()) }
})

const channelIdOf = ({ channel, url }: Bid): string | undefined =>
  known.get(channel.toLowerCase()) ?? /(?:&|^)channel_id=([^&]*)/.exec(url)?.[1]
