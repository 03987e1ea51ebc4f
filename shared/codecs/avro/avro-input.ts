import { counted } from '../../model/counted.ts'
import { textCache } from '../csv-text.ts'
import { readUtf8 } from '../text.ts'
import { deepestRecords as deepest, mostEmptyItems } from './avro-limits.ts'
import { Fault } from './fault.ts'

/** Texts of so many bytes may come again: they are looked for among those that came before. */
const shortText = 24

const nothing = Buffer.alloc(0)

/** Reads Avro's binary encoding. What it cannot read it throws a Fault for, and it reads no byte behind `end`. */
export class AvroInput {
  bytes: Buffer = nothing
  at = 0
  end = 0
  #depth = 0
  #records = 0
  #mostRecords = 0
  #emptyItems = 0
  readonly #known = textCache()

  open(bytes: Buffer, start: number, end: number): void {
    this.bytes = bytes
    this.at = start
    this.end = end
    this.beginValue()
  }

  /** Limits are counted anew. */
  beginValue(): void {
    this.#depth = 0
    this.#emptyItems = 0
    this.#records = 0
    this.#mostRecords = mostEmptyItems + this.end - this.at
  }

  /** Keeps nothing. */
  close(): void {
    this.bytes = nothing
  }

  enter(): void {
    if (++this.#depth > deepest) throw new Fault(`more than ${deepest} records inside each other`, 'fewer')
    if (++this.#records > this.#mostRecords) throw new Fault(`${this.#records} records, most without bytes`, 'fewer')
  }

  leave(): void {
    this.#depth--
  }

  boolean(): boolean {
    this.#need(1, 'a boolean')
    const byte = this.bytes[this.at]
    if (byte > 1) throw new Fault(`the byte ${byte}`, '0 or 1 for a boolean')
    this.at++
    return byte === 1
  }

  int(): number {
    const { bytes, end } = this
    let { at } = this
    let value = 0
    for (let shift = 0; shift < 35 && at < end; shift += 7) {
      const byte = bytes[at++]
      value |= (byte & 0x7f) << shift
      if (byte < 0x80) {
        if (shift === 28 && byte > 0x0f) break
        this.at = at
        return (value >>> 1) ^ -(value & 1)
      }
    }
    throw this.#varint('an int of at most 32 bits')
  }

  /** A number where it is exact, else a bigint. */
  longEither(): number | bigint {
    const { bytes, end } = this
    let { at } = this
    let low = 0
    // 28 bits fit small integers.
    for (let shift = 0; shift < 28; shift += 7) {
      if (at >= end) throw this.#varint('a long of at most 64 bits')
      const byte = bytes[at++]
      low |= (byte & 0x7f) << shift
      if (byte < 0x80) {
        this.at = at
        return (low >>> 1) ^ -(low & 1)
      }
    }
    return this.#wideLong(low, at)
  }

  long(): number {
    const value = this.longEither()
    if (typeof value === 'number') return value
    throw new Fault(`the long ${value}`, 'one within 2^53, or the option long: "bigint"')
  }

  longBigint(): bigint {
    return BigInt(this.longEither())
  }

  float(): number {
    this.#need(4, 'a float')
    const value = this.bytes.readFloatLE(this.at)
    this.at += 4
    return value
  }

  double(): number {
    this.#need(8, 'a double')
    const value = this.bytes.readDoubleLE(this.at)
    this.at += 8
    return value
  }

  text(): string {
    const length = this.#length('a string')
    const start = this.at
    const end = start + length
    const { bytes } = this
    this.at = end
    if (length <= shortText) {
      let hash = 0
      let at = start
      for (; at < end; at++) {
        const byte = bytes[at]
        if (byte > 0x7f) break
        hash = (Math.imul(hash, 31) + byte) | 0
      }
      if (at === end) return this.#known(bytes, start, end, hash)
    }
    const text = readUtf8(bytes, start, end)
    if (text !== undefined) return text
    throw new Fault(`the bytes ${bytes.toString('hex', start, Math.min(end, start + 16))}`, 'a string in UTF-8')
  }

  /** A copy. */
  blob(): Uint8Array {
    return this.fixed(this.#length('bytes'))
  }

  /** A copy. */
  fixed(size: number): Uint8Array {
    this.#need(size, `${size} bytes`)
    const start = this.at
    this.at += size
    return new Uint8Array(this.bytes.subarray(start, this.at))
  }

  /** The index of a union's branch or of an enum's symbol. */
  index(count: number, of: string): number {
    const value = this.int()
    if (value >= 0 && value < count) return value
    throw new Fault(`the index ${value}`, `0 to ${count - 1} for ${of}`)
  }

  /**
   * How many items of an array or map come next, 0 at its end. `isEmpty` says that an item may take no bytes. A block may say its size too:
   * then `blockEnd` is where it ends, else -1.
   */
  blockCount(isEmpty: boolean): number {
    // Beyond 2^53 it is rounded, and far too large.
    const given = Number(this.longEither())
    this.blockEnd = -1
    if (given === 0) return 0
    const count = Math.abs(given)
    if (given < 0) {
      const size = Number(this.longEither())
      if (size < 0 || size > this.end - this.at) {
        throw new Fault(`a block of ${size} bytes`, `at most the ${this.end - this.at} that are left`)
      }
      this.blockEnd = this.at + size
    }
    // Items with bytes end where the bytes do.
    if (isEmpty) {
      this.#emptyItems += count
      if (this.#emptyItems > mostEmptyItems) {
        throw new Fault(`a block of ${count} items without bytes`, `at most ${mostEmptyItems} in a value`)
      }
    }
    return count
  }

  /** Set by `blockCount`. */
  blockEnd = -1

  /** After the items of a block that said where it ends. */
  endBlock(expected: number): void {
    if (expected >= 0 && this.at !== expected) {
      throw new Fault(`a block of items that ends ${this.at - expected} bytes off`, 'as many bytes as the block says')
    }
  }

  skipText(): void {
    const length = this.#length('a string')
    this.at += length
  }

  skipFixed(size: number): void {
    this.#need(size, `${size} bytes`)
    this.at += size
  }

  #length(of: string): number {
    const length = this.longEither()
    if (length < 0) throw new Fault(`the length ${length}`, `0 or more for ${of}`)
    const left = this.end - this.at
    if (length > left) throw new Fault(`${counted(left, 'byte')} left`, `${length} for ${of}`)
    return Number(length)
  }

  #need(count: number, of: string): void {
    if (count > this.end - this.at) throw new Fault(`${counted(this.end - this.at, 'byte')} left`, `${count} for ${of}`)
  }

  #wideLong(low: number, from: number): number | bigint {
    const { bytes, end } = this
    let at = from
    let middle = 0
    let high = 0
    for (let shift = 28; shift < 70 && at < end; shift += 7) {
      const byte = bytes[at++]
      if (shift < 56) middle |= (byte & 0x7f) << (shift - 28)
      else high |= (byte & 0x7f) << (shift - 56)
      if (byte < 0x80) {
        if (high > 0xff) break
        this.at = at
        return unzigzag(low, middle, high)
      }
    }
    throw this.#varint('a long of at most 64 bits')
  }

  #varint(expected: string): Fault {
    const { at, end } = this
    const shown = this.bytes.toString('hex', at, Math.min(end, at + 10))
    return new Fault(shown === '' ? 'no bytes left' : `the bytes ${shown}`, expected)
  }
}

/** From the low 28 bits, the next 28 and the last 8 of a zigzag integer. */
function unzigzag(low: number, middle: number, high: number): number | bigint {
  if (high === 0 && middle < 2 ** 26) {
    const half = (low >>> 1) + middle * 2 ** 27
    if ((low & 1) === 0) return half
    // -(2^53) is a number too, but not one that only this long has.
    if (half < Number.MAX_SAFE_INTEGER) return -half - 1
  }
  const value = BigInt(low) | (BigInt(middle) << 28n) | (BigInt(high) << 56n)
  return (value & 1n) === 0n ? value >> 1n : -(value >> 1n) - 1n
}
