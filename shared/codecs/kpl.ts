import { createHash } from 'node:crypto'
import { hashSpace } from '../model/hash-range.ts'
import { readUtf8 } from './text.ts'

/**
 * The aggregated format of the Kinesis Producer Library: many user records in one Kinesis record (aggregation-format.md in
 * awslabs/amazon-kinesis-producer). Four magic bytes, then the protobuf message below, then the MD5 of the message.
 *
 * | message          | fields                                                                                  |
 * | ---------------- | --------------------------------------------------------------------------------------- |
 * | AggregatedRecord | 1 repeated partition key, 2 repeated explicit hash key, 3 repeated Record               |
 * | Record           | 1 index of its partition key, 2 optional index of its hash key, 3 data, 4 repeated tags |
 */
export const kplFormat = {
  magic: Buffer.from('f3899ac2', 'hex'),
  checksumBytes: 16,
  /** A protobuf tag is the field's number and a wire type: 0 is a varint, 2 is bytes with their length before them. */
  partitionKeyTag: (1 << 3) | 2,
  hashKeyTag: (2 << 3) | 2,
  recordTag: (3 << 3) | 2,
  keyIndexTag: 1 << 3,
  hashKeyIndexTag: 2 << 3,
  dataTag: (3 << 3) | 2,
} as const

/**
 * The user records in a Kinesis record's data, or undefined for a plain record. As in the Kinesis Client Library, bytes that begin
 * with the magic but are too short, have the wrong MD5 or are no such message are a plain record, and nothing is lost.
 */
export function readKpl(data: Buffer): KplRecords | undefined {
  const { magic, checksumBytes } = kplFormat
  const end = data.length - checksumBytes
  if (end < magic.length || data[0] !== magic[0] || !magic.equals(data.subarray(0, magic.length))) return undefined
  const checksum = createHash('md5').update(data.subarray(magic.length, end)).digest()
  return checksum.equals(data.subarray(end)) ? readMessage(data, magic.length, end) : undefined
}

/** Where the user records are in the data that was read, to be walked by index without making anything per record. */
export class KplRecords {
  readonly count: number
  /** Per record: start, end, index of the partition key, index of the hash key or -1. */
  readonly #places: Int32Array
  readonly #partitionKeys: readonly string[]
  readonly #hashKeys: readonly bigint[]

  constructor(places: Int32Array, partitionKeys: readonly string[], hashKeys: readonly bigint[]) {
    this.count = places.length / placeLength
    this.#places = places
    this.#partitionKeys = partitionKeys
    this.#hashKeys = hashKeys
  }

  /** The user record's bytes are `data[start(i), end(i))`; `i` is its sub-sequence number. */
  start(i: number): number {
    return this.#places[i * placeLength]
  }

  end(i: number): number {
    return this.#places[i * placeLength + 1]
  }

  partitionKey(i: number): string {
    return this.#partitionKeys[this.#places[i * placeLength + 2]]
  }

  /** Undefined for a record that goes by the MD5 of its partition key, whatever the table holds. */
  explicitHashKey(i: number): bigint | undefined {
    const index = this.#places[i * placeLength + 3]
    return index < 0 ? undefined : this.#hashKeys[index]
  }
}

const placeLength = 4

function readMessage(data: Buffer, start: number, end: number): KplRecords | undefined {
  const cursor: Cursor = { at: start, end, ok: true }
  const partitionKeys: string[] = []
  const hashKeys: bigint[] = []
  const count = countRecords(data, start, end)
  const places = new Int32Array(count * placeLength)
  let filled = 0
  while (cursor.ok && cursor.at < end) {
    const tag = readVarint(data, cursor)
    if (tag === kplFormat.recordTag) {
      readRecord(data, cursor, places, filled)
      filled += placeLength
    } else if (tag === kplFormat.partitionKeyTag) {
      const length = readLength(data, cursor)
      const key = readUtf8(data, cursor.at, cursor.at + length)
      if (key === undefined) return undefined
      partitionKeys.push(key)
      cursor.at += length
    } else if (tag === kplFormat.hashKeyTag) {
      const length = readLength(data, cursor)
      const key = readHashKey(data.toString('latin1', cursor.at, cursor.at + length))
      if (key === undefined) return undefined
      hashKeys.push(key)
      cursor.at += length
    } else {
      skipField(data, cursor, tag)
    }
  }
  // The tables may stand behind the records, so that only now it shows whether every index is in its table.
  for (let i = 0; i < filled; i += placeLength) {
    if (places[i + 2] >= partitionKeys.length || places[i + 3] >= hashKeys.length) return undefined
  }
  return cursor.ok ? new KplRecords(places, partitionKeys, hashKeys) : undefined
}

/** Where the message is being read, up to where, and whether all of it made sense so far. */
type Cursor = { at: number; end: number; ok: boolean }

/** How many records the message has, if it is one, to make room for them. Costs little: it skips what is in them. */
function countRecords(data: Buffer, start: number, end: number): number {
  const cursor: Cursor = { at: start, end, ok: true }
  let count = 0
  while (cursor.ok && cursor.at < end) {
    const tag = readVarint(data, cursor)
    if (tag === kplFormat.recordTag) count++
    skipField(data, cursor, tag)
  }
  return count
}

function readRecord(data: Buffer, cursor: Cursor, places: Int32Array, place: number): void {
  const length = readLength(data, cursor)
  const outerEnd = cursor.end
  cursor.end = cursor.at + length
  let dataStart = -1
  let keyIndex = -1
  places[place + 3] = -1
  while (cursor.ok && cursor.at < cursor.end) {
    const tag = readVarint(data, cursor)
    if (tag === kplFormat.keyIndexTag) {
      keyIndex = readIndex(data, cursor)
    } else if (tag === kplFormat.hashKeyIndexTag) {
      places[place + 3] = readIndex(data, cursor)
    } else if (tag === kplFormat.dataTag) {
      const dataLength = readLength(data, cursor)
      dataStart = cursor.at
      cursor.at += dataLength
      places[place] = dataStart
      places[place + 1] = cursor.at
    } else {
      skipField(data, cursor, tag)
    }
  }
  places[place + 2] = keyIndex
  if (dataStart < 0 || keyIndex < 0) cursor.ok = false
  cursor.end = outerEnd
}

/** A varint of up to 10 bytes; a number above 2^53 comes out rounded, and is too large for anything here anyway. */
function readVarint(data: Buffer, cursor: Cursor): number {
  const { at, end } = cursor
  if (at < end && data[at] < 0x80) {
    cursor.at = at + 1
    return data[at]
  }
  const limit = Math.min(end, at + 10)
  let value = 0
  let scale = 1
  for (let i = at; i < limit; i++) {
    value += (data[i] & 0x7f) * scale
    scale *= 0x80
    if (data[i] < 0x80) {
      cursor.at = i + 1
      return value
    }
  }
  cursor.ok = false
  return 0
}

/** A length that what is left can hold. */
function readLength(data: Buffer, cursor: Cursor): number {
  const length = readVarint(data, cursor)
  if (length <= cursor.end - cursor.at) return length
  cursor.ok = false
  return 0
}

/** No table has more entries than the data has bytes. */
const readIndex = (data: Buffer, cursor: Cursor): number => Math.min(readVarint(data, cursor), data.length)

/** Skips a field that is not known. Groups (wire types 3 and 4) were given up by protobuf before this format was made. */
function skipField(data: Buffer, cursor: Cursor, tag: number): void {
  const wireType = tag % 8
  if (wireType === 0) {
    readVarint(data, cursor)
  } else if (wireType === 2) {
    const length = readLength(data, cursor)
    cursor.at += length
  } else if (wireType === 1 || wireType === 5) {
    cursor.at += wireType === 1 ? 8 : 4
  } else {
    cursor.ok = false
  }
  // Protobuf has no field 0.
  if (tag < 8 || cursor.at > cursor.end) cursor.ok = false
}

function readHashKey(text: string): bigint | undefined {
  // 2^128 has 39 digits.
  if (!/^\d{1,39}$/.test(text)) return undefined
  const key = BigInt(text)
  return key < hashSpace ? key : undefined
}
