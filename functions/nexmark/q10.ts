import { json, pipeline } from 'millrace'
import { bids } from './events.ts'

/** Bids with the day and the minute that they are filed under; the minute is of a clock of twelve hours. */
export const q10 = pipeline('nexmark-q10', ({ source }) => {
  const filed = source('bid', bids).map(({ auction, bidder, price, dateTime }) => ({
    auction,
    bidder,
    price,
    dateTime,
    date: dateTime.slice(0, 10),
    time: twelveHours(dateTime),
  }))
  return { result: filed.toStream('nexmark-q10-result', json()) }
})

function twelveHours(dateTime: string): string {
  const hour = Number(dateTime.slice(11, 13)) % 12 || 12
  return `${String(hour).padStart(2, '0')}:${dateTime.slice(14, 16)}`
}
