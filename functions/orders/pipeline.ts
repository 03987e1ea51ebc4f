import { csv, float, hopping, hours, int, minutes, oneOf, pipeline, seconds, text, timestamp, tumbling } from 'millrace'

export { samples } from './samples.ts'

/** Trades of a stock exchange, a CSV line each: `2016-03-22 20:25:28,1,80,EPE,710,51.00,B`. */
export const orders = pipeline('orders', ({ source }) => {
  const trades = source('trades', {
    codec: csv({
      time: timestamp('yyyy-MM-dd HH:mm:ss'),
      orderId: int,
      clientId: int,
      symbol: text,
      amount: int,
      price: float,
      side: oneOf('B', 'S'),
    }),
    eventTime: trade => trade.time,
    outOfOrder: seconds(5),
    onMalformed: 'deadLetter',
  })

  const bySide = trades.keyBy('side')
  const sides = bySide.window(tumbling(minutes(1))).count('trades-per-minute')
  const totals = bySide.count('trades-so-far')
  const topClients = trades
    .keyBy('clientId')
    .sum('turnover', trade => trade.amount * trade.price)
    .top('top-clients', 5)
  const topSymbols = trades
    .keyBy('symbol')
    .window(hopping(hours(1), minutes(5)))
    .sum('volume', trade => trade.amount)
    .top('top-symbols', 5)

  return { sides, totals, topClients, topSymbols }
})
