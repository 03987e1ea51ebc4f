import { deepestRecords, mostEmptyItems } from './avro-limits.ts'
import { Fault } from './fault.ts'
import { shown } from './logical-values.ts'

/** The shortest varint that a string's length takes is one byte: strings below are tried as ASCII, byte by byte. */
const shortText = 64

/** Writes Avro's binary encoding. What it cannot write it throws a Fault for. It is used again and again: `take` hands out a copy. */
export class AvroOutput {
  #bytes: Buffer
  #at = 0
  #depth = 0
  #emptyItems = 0

  constructor(capacity = 1024) {
    this.#bytes = Buffer.allocUnsafeSlow(capacity)
  }

  get length(): number {
    return this.#at
  }

  /** Limits are counted anew. What was written stays. */
  beginValue(): void {
    this.#depth = 0
    this.#emptyItems = 0
  }

  /** Forgets what was written behind the first `length` bytes. */
  reset(length = 0): void {
    this.#at = length
  }

  take(): Buffer {
    const copy = Buffer.allocUnsafeSlow(this.#at)
    this.#bytes.copy(copy, 0, 0, this.#at)
    this.#at = 0
    return copy
  }

  enter(): void {
    if (++this.#depth > deepestRecords)
      throw new Fault(`more than ${deepestRecords} records inside each other`, 'fewer')
  }

  leave(): void {
    this.#depth--
  }

  /** Those who read would refuse more. */
  emptyItems(count: number): void {
    this.#emptyItems += count
    if (this.#emptyItems > mostEmptyItems) {
      throw new Fault(`${count} items without bytes`, `at most ${mostEmptyItems} in a value`)
    }
  }

  boolean(value: unknown): void {
    if (typeof value !== 'boolean') throw new Fault(shown(value), 'true or false')
    this.#reserve(1)
    this.#bytes[this.#at++] = value ? 1 : 0
  }

  int(value: unknown): void {
    if (typeof value !== 'number' || value !== (value | 0)) throw new Fault(shown(value), 'an int of 32 bits')
    this.unsigned(((value << 1) ^ (value >> 31)) >>> 0)
  }

  long(value: unknown): void {
    if (typeof value === 'number' && value === (value | 0)) this.unsigned(((value << 1) ^ (value >> 31)) >>> 0)
    else if (typeof value === 'number' && Number.isSafeInteger(value)) this.#wide(value)
    else if (typeof value === 'bigint' && BigInt.asIntN(64, value) === value) this.#widest(value)
    else throw new Fault(shown(value), 'a long of 64 bits: a whole number within 2^53, or a bigint')
  }

  float(value: unknown): void {
    if (typeof value !== 'number') throw new Fault(shown(value), 'a float')
    if (Number.isFinite(value) && !Number.isFinite(Math.fround(value))) {
      throw new Fault(shown(value), 'a float, which is below 2^128')
    }
    this.#reserve(4)
    this.#at = this.#bytes.writeFloatLE(value, this.#at)
  }

  double(value: unknown): void {
    if (typeof value !== 'number') throw new Fault(shown(value), 'a double')
    this.#reserve(8)
    this.#at = this.#bytes.writeDoubleLE(value, this.#at)
  }

  text(value: unknown): void {
    if (typeof value !== 'string') throw new Fault(shown(value), 'a string')
    if (value.length < shortText && this.#ascii(value)) return
    if (!value.isWellFormed()) throw new Fault(shown(value), 'a string without half of a surrogate pair')
    const length = Buffer.byteLength(value, 'utf8')
    this.long(length)
    this.#reserve(length)
    this.#at += this.#bytes.write(value, this.#at, length, 'utf8')
  }

  blob(value: unknown): void {
    if (!(value instanceof Uint8Array)) throw new Fault(shown(value), 'bytes as a Uint8Array')
    this.long(value.length)
    this.raw(value)
  }

  fixed(value: unknown, size: number): void {
    if (!(value instanceof Uint8Array) || value.length !== size) {
      const what = value instanceof Uint8Array ? `${value.length} bytes` : shown(value)
      throw new Fault(what, `${size} bytes as a Uint8Array`)
    }
    this.raw(value)
  }

  raw(value: Uint8Array): void {
    this.#reserve(value.length)
    this.#bytes.set(value, this.#at)
    this.#at += value.length
  }

  /** A zigzag integer below 2^32: 7 bits a byte, the low ones first. */
  unsigned(zigzag: number): void {
    this.#reserve(5)
    const bytes = this.#bytes
    let at = this.#at
    let rest = zigzag
    while (rest > 0x7f) {
      bytes[at++] = (rest & 0x7f) | 0x80
      rest >>>= 7
    }
    bytes[at++] = rest
    this.#at = at
  }

  /** False, and nothing written, where the text has other characters. */
  #ascii(value: string): boolean {
    const { length } = value
    this.#reserve(length + 1)
    const bytes = this.#bytes
    const start = this.#at + 1
    for (let i = 0; i < length; i++) {
      const code = value.charCodeAt(i)
      if (code > 0x7f) return false
      bytes[start + i] = code
    }
    bytes[start - 1] = length << 1
    this.#at = start + length
    return true
  }

  /** A whole number within 2^53: the low 28 bits of its zigzag, then the others. */
  #wide(value: number): void {
    this.#reserve(10)
    const isNegative = value < 0
    const half = isNegative ? -(value + 1) : value
    const low = (half % 2 ** 27) * 2 + (isNegative ? 1 : 0)
    const bytes = this.#bytes
    for (let shift = 0; shift < 28; shift += 7) bytes[this.#at++] = ((low >>> shift) & 0x7f) | 0x80
    this.unsigned(Math.floor(half / 2 ** 27))
  }

  #widest(value: bigint): void {
    this.#reserve(10)
    let rest = BigInt.asUintN(64, (value << 1n) ^ (value >> 63n))
    while (rest > 0x7fn) {
      this.#bytes[this.#at++] = Number(rest & 0x7fn) | 0x80
      rest >>= 7n
    }
    this.#bytes[this.#at++] = Number(rest)
  }

  #reserve(count: number): void {
    const needed = this.#at + count
    if (needed <= this.#bytes.length) return
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, this.#bytes.length * 2))
    this.#bytes.copy(grown, 0, 0, this.#at)
    this.#bytes = grown
  }
}
