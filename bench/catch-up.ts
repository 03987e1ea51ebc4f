import { csv, float, int, minutes, oneOf, pipeline, seconds, text, timestamp, tumbling } from 'millrace'

/** The backlog benchmark's pipeline: 10 s of allowed disorder, no late record forgiven. */
export const backlog = pipeline('backlog', ({ source }) => {
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
    outOfOrder: seconds(10),
  })
  return {
    perMinute: trades
      .keyBy('symbol')
      .window(tumbling(minutes(1)))
      .count('trades-per-symbol'),
  }
})
