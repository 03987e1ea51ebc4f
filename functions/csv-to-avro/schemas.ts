/** A fill as the rest of the company knows it. */
export const fill = {
  type: 'record',
  name: 'Fill',
  namespace: 'com.example.trading',
  fields: [
    { name: 'id', type: 'long' },
    { name: 'executedAt', type: { type: 'long', logicalType: 'timestamp-millis' } },
    { name: 'account', type: 'string' },
    { name: 'symbol', type: 'string' },
    { name: 'direction', type: { type: 'enum', name: 'Direction', symbols: ['BUY', 'SELL'] } },
    { name: 'quantity', type: 'int' },
    { name: 'price', type: { type: 'bytes', logicalType: 'decimal', precision: 18, scale: 4 } },
    { name: 'fee', type: ['null', { type: 'bytes', logicalType: 'decimal', precision: 18, scale: 4 }], default: null },
  ],
} as const

/** A year later: fills say where they happened. The field has a default, so who reads by this schema can read the older ones too. */
export const fillWithVenue = {
  ...fill,
  fields: [...fill.fields, { name: 'venue', type: 'string', default: 'unknown' }],
} as const
