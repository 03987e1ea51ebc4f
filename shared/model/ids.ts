declare const brand: unique symbol
type Branded<Name extends string> = string & { readonly [brand]: Name }

/** A shard of a Kinesis stream, e.g. `shardId-000000000000`. */
export type ShardId = Branded<'ShardId'>

/** A Kinesis sequence number: a decimal integer of up to 56 digits without leading zeros, compared by value. */
export type SequenceNumber = Branded<'SequenceNumber'>

/** Who put a chunk: `stage/shard`. Unique within a pipeline, for good. */
export type Producer = Branded<'Producer'>

export const shardId = (text: string): ShardId => text as ShardId

const decimal = /^(0|[1-9][0-9]*)$/

export function sequenceNumber(text: string): SequenceNumber {
  if (!decimal.test(text)) throw new RangeError(`Cannot read a sequence number: "${text}" is not a decimal integer`)
  return text as SequenceNumber
}

/** Numeric order without big integers: a shorter decimal is the smaller one. */
export function compareSequenceNumbers(a: SequenceNumber, b: SequenceNumber): number {
  if (a.length !== b.length) return a.length - b.length
  return a < b ? -1 : a > b ? 1 : 0
}

export const producerOf = (stage: string, shard: ShardId): Producer => `${stage}/${shard}` as Producer
