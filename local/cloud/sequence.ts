import { type SequenceNumber, type ShardId, sequenceNumber, shardId } from '../../shared/model/ids.ts'

/** Kinesis' sequence numbers have 56 digits and begin with 49. Ours count the records of the stream in the other 54. */
const prefix = '49'
const digits = 54

/** The sequence number of a stream's record number `offset`, from 1. */
export function sequenceAt(offset: number): SequenceNumber {
  return sequenceNumber(prefix + String(offset).padStart(digits, '0'))
}

/** The inverse of `sequenceAt`; undefined is before the first. A number that isn't of our streams is a RangeError. */
export function offsetOf(sequence: SequenceNumber | undefined): number {
  if (sequence === undefined) return 0
  const offset = Number(sequence.slice(prefix.length))
  if (sequence.length !== prefix.length + digits || !sequence.startsWith(prefix) || !Number.isSafeInteger(offset)) {
    throw new RangeError(`Cannot read a sequence number: "${sequence}" is not of an embedded stream`)
  }
  return offset
}

/** The id of a stream's shard number `index`, from 0. */
export const shardIdAt = (index: number): ShardId => shardId(`${idPrefix}${String(index).padStart(12, '0')}`)

/** The inverse of `shardIdAt`. */
export const indexOfShard = (id: ShardId): number => Number(id.slice(idPrefix.length))

const idPrefix = 'shardId-'
