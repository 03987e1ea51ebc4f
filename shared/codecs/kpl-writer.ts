import { createHash } from 'node:crypto'
import { hashSpace } from '../model/hash-range.ts'
import { limits } from '../model/limits.ts'
import { asBuffer } from './bytes.ts'
import { found } from './found.ts'
import { kplFormat } from './kpl.ts'

/** The Kinesis Producer Library's own default, AggregationMaxSize: two 25 KB payload units of a put. */
const defaultMaxBytes = 51_200

/** A record alone may be as large as Kinesis takes, less its own partition key. */
const largestBytes = limits.kinesisRecordBytes - limits.partitionKeyCharacters

/**
 * Puts user records together into one Kinesis record in the aggregated format, up to a size. Put together only what belongs into
 * one shard: the whole record goes where its own partition key or hash key sends it. Give it the key of one of its user records.
 *
 * ```ts
 * const writer = new KplWriter()
 * const records: Uint8Array[] = []
 * for (const line of ['to be', 'or not to be'].map(text => Buffer.from(text))) {
 *   if (writer.add('client-7', line) === 'added') continue
 *   records.push(writer.finish())
 *   writer.add('client-7', line)
 * }
 * if (writer.count > 0) records.push(writer.finish())
 * ```
 */
export class KplWriter {
  readonly #maxBytes: number
  /** Grows, and is used again after `finish()`. */
  #records: Buffer
  #recordBytes = 0
  #tableBytes = 0
  #count = 0
  readonly #partitionKeys = new Map<string, number>()
  readonly #hashKeys = new Map<bigint, number>()

  constructor(maxBytes: number = defaultMaxBytes) {
    if (!Number.isSafeInteger(maxBytes) || maxBytes < 1 || maxBytes > largestBytes) {
      throw new RangeError(`Cannot aggregate up to ${maxBytes} bytes: 1 to ${largestBytes} would be right`)
    }
    this.#maxBytes = maxBytes
    this.#records = Buffer.allocUnsafeSlow(maxBytes)
  }

  /** How many user records there are since the last `finish()`. */
  get count(): number {
    return this.#count
  }

  /** How many bytes `finish()` would give. */
  get size(): number {
    return overhead + this.#tableBytes + this.#recordBytes
  }

  /**
   * Adds `bytes[start, end)` as one user record, copied, unless that would make the whole larger than it may be: then it changes
   * nothing and answers `full`. The first record is always added, as long as Kinesis could take it.
   */
  add(
    partitionKey: string,
    bytes: Uint8Array,
    start = 0,
    end: number = bytes.length,
    explicitHashKey?: bigint,
  ): 'added' | 'full' {
    if (!(start >= 0 && start <= end && end <= bytes.length)) {
      throw new RangeError(`Cannot aggregate: bytes ${start} to ${end} are not all within ${bytes.length} bytes`)
    }
    const hasHashKey = explicitHashKey !== undefined
    const knownKey = this.#partitionKeys.get(partitionKey)
    const knownHashKey = hasHashKey ? this.#hashKeys.get(explicitHashKey) : undefined
    const keyIndex = knownKey ?? this.#partitionKeys.size
    const hashKeyIndex = knownHashKey ?? this.#hashKeys.size
    const tableBytes =
      (knownKey === undefined ? partitionKeyBytes(partitionKey) : 0) +
      (hasHashKey && knownHashKey === undefined ? hashKeyBytes(explicitHashKey) : 0)

    const length = end - start
    const indexBytes = 1 + varintBytes(keyIndex) + (hasHashKey ? 1 + varintBytes(hashKeyIndex) : 0)
    const innerBytes = indexBytes + 1 + varintBytes(length) + length
    const recordBytes = 1 + varintBytes(innerBytes) + innerBytes
    if (this.size + tableBytes + recordBytes > this.#maxBytes) {
      if (this.#count > 0) return 'full'
      refuseTooLarge(this.size + tableBytes + recordBytes)
    }

    if (knownKey === undefined) this.#partitionKeys.set(partitionKey, keyIndex)
    if (hasHashKey && knownHashKey === undefined) this.#hashKeys.set(explicitHashKey, hashKeyIndex)
    const records = this.#roomFor(recordBytes)
    let at = putVarint(records, this.#recordBytes, kplFormat.recordTag)
    at = putVarint(records, at, innerBytes)
    at = putVarint(records, at, kplFormat.keyIndexTag)
    at = putVarint(records, at, keyIndex)
    if (hasHashKey) {
      at = putVarint(records, at, kplFormat.hashKeyIndexTag)
      at = putVarint(records, at, hashKeyIndex)
    }
    at = putVarint(records, at, kplFormat.dataTag)
    at = putVarint(records, at, length)
    asBuffer(bytes).copy(records, at, start, end)
    this.#recordBytes = at + length
    this.#tableBytes += tableBytes
    this.#count++
    return 'added'
  }

  /** The aggregated record, as bytes of its own. The writer is empty again. */
  finish(): Uint8Array {
    const { magic, checksumBytes } = kplFormat
    const whole = Buffer.allocUnsafeSlow(this.size)
    let at = magic.copy(whole)
    for (const key of this.#partitionKeys.keys()) at = putText(whole, at, kplFormat.partitionKeyTag, key)
    for (const key of this.#hashKeys.keys()) at = putText(whole, at, kplFormat.hashKeyTag, String(key))
    at += this.#records.copy(whole, at, 0, this.#recordBytes)
    createHash('md5').update(whole.subarray(magic.length, at)).digest().copy(whole, at)
    if (at + checksumBytes !== whole.length)
      throw new Error(`Cannot finish: ${at + checksumBytes} is not ${whole.length}`)
    this.#partitionKeys.clear()
    this.#hashKeys.clear()
    this.#recordBytes = 0
    this.#tableBytes = 0
    this.#count = 0
    return whole
  }

  #roomFor(more: number): Buffer {
    const needed = this.#recordBytes + more
    if (needed > this.#records.length) {
      const grown = Buffer.allocUnsafeSlow(Math.max(needed, 2 * this.#records.length))
      this.#records.copy(grown, 0, 0, this.#recordBytes)
      this.#records = grown
    }
    return this.#records
  }
}

const overhead = kplFormat.magic.length + kplFormat.checksumBytes

/** What a key takes in its table. */
function partitionKeyBytes(key: string): number {
  if (key === '' || key.length > limits.partitionKeyCharacters || !key.isWellFormed()) {
    const right = `1 to ${limits.partitionKeyCharacters} characters would be right`
    throw new RangeError(`Cannot aggregate: the partition key is ${found(key)}, ${right}`)
  }
  const length = Buffer.byteLength(key, 'utf8')
  return 1 + varintBytes(length) + length
}

function hashKeyBytes(key: bigint): number {
  if (key < 0n || key >= hashSpace) {
    throw new RangeError(`Cannot aggregate: the explicit hash key is ${key}, 0 to 2^128 - 1 would be right`)
  }
  // At most 39 digits, so that their number takes one byte.
  return 2 + String(key).length
}

function refuseTooLarge(bytes: number): void {
  if (bytes <= largestBytes) return
  throw new RangeError(`Cannot aggregate: one record takes ${bytes} bytes, at most ${largestBytes} would be right`)
}

function putText(bytes: Buffer, at: number, tag: number, text: string): number {
  const length = Buffer.byteLength(text, 'utf8')
  const start = putVarint(bytes, putVarint(bytes, at, tag), length)
  return start + bytes.write(text, start, length, 'utf8')
}

/** 7 bits a byte, the low ones first; all numbers here are below 2^31. */
function putVarint(bytes: Buffer, at: number, value: number): number {
  let to = at
  let rest = value
  while (rest >= 0x80) {
    bytes[to++] = (rest & 0x7f) | 0x80
    rest >>>= 7
  }
  bytes[to++] = rest
  return to
}

const varintBytes = (value: number): number =>
  value < 0x80 ? 1 : value < 0x4000 ? 2 : value < 0x20_0000 ? 3 : value < 0x1000_0000 ? 4 : 5
