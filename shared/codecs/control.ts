/** Records of the platform's own that travel in a stream between the user's: never handed to a codec. */
export type ControlRecord =
  /** Time passes although nothing arrives. It states its arrival time and nothing else. */
  | { readonly kind: 'tick' }
  /** No record of this shard after this one has an event time at or before `time`; `endOfTime` ends a bounded input. */
  | { readonly kind: 'watermark'; readonly time: number }

/** 16 bytes that no user's record begins with: random, fixed for good. */
const magic = Buffer.from('d7a94e0c31b86f25e28d5a7790c4136b', 'hex')

export function encodeControl(record: ControlRecord): Uint8Array {
  return Buffer.concat([magic, Buffer.from(JSON.stringify(record), 'utf8')])
}

export function decodeControl(data: Buffer): ControlRecord | undefined {
  if (data.length <= magic.length || data[0] !== magic[0] || !data.subarray(0, magic.length).equals(magic))
    return undefined
  const value: unknown = JSON.parse(data.toString('utf8', magic.length))
  if (typeof value !== 'object' || value === null || !('kind' in value)) return undefined
  if (value.kind === 'tick') return { kind: 'tick' }
  if (value.kind === 'watermark' && 'time' in value && typeof value.time === 'number') {
    return { kind: 'watermark', time: value.time }
  }
  return undefined
}
