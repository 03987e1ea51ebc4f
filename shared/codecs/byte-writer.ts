/** Grows as it is written to, and is reused: `take()` hands out a copy and starts again. */
export class ByteWriter {
  #bytes: Buffer
  #length = 0

  constructor(capacity = 1024) {
    this.#bytes = Buffer.allocUnsafeSlow(capacity)
  }

  get length(): number {
    return this.#length
  }

  byte(value: number): void {
    this.#reserve(1)
    this.#bytes[this.#length++] = value
  }

  /** An unsigned integer below 2^32: 7 bits a byte, the low ones first. */
  unsigned(value: number): void {
    this.#reserve(5)
    this.#length = putUnsigned(this.#bytes, this.#length, value)
  }

  double(value: number): void {
    this.#reserve(8)
    this.#bytes.writeDoubleLE(value, this.#length)
    this.#length += 8
  }

  /** UTF-8, its length in bytes first. */
  text(value: string): void {
    const length = Buffer.byteLength(value, 'utf8')
    this.unsigned(length)
    this.#reserve(length)
    this.#bytes.write(value, this.#length, length, 'utf8')
    this.#length += length
  }

  bytes(value: Uint8Array): void {
    this.unsigned(value.length)
    this.#reserve(value.length)
    this.#bytes.set(value, this.#length)
    this.#length += value.length
  }

  /** `count` integers within ±2^30, each as its zigzag difference from the one before. */
  deltas(values: ArrayLike<number>, from: number, to: number): void {
    this.#reserve((to - from) * 5)
    const bytes = this.#bytes
    let at = this.#length
    let before = 0
    for (let i = from; i < to; i++) {
      const delta = (values[i] - before) | 0
      before = values[i]
      at = putUnsigned(bytes, at, ((delta << 1) ^ (delta >> 31)) >>> 0)
    }
    this.#length = at
  }

  doubles(values: ArrayLike<number>, from: number, to: number): void {
    this.#reserve((to - from) * 8)
    for (let i = from; i < to; i++) {
      this.#bytes.writeDoubleLE(values[i], this.#length)
      this.#length += 8
    }
  }

  take(): Buffer {
    const copy = Buffer.allocUnsafeSlow(this.#length)
    this.#bytes.copy(copy, 0, 0, this.#length)
    this.#length = 0
    return copy
  }

  #reserve(count: number): void {
    const needed = this.#length + count
    if (needed <= this.#bytes.length) return
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, this.#bytes.length * 2))
    this.#bytes.copy(grown, 0, 0, this.#length)
    this.#bytes = grown
  }
}

function putUnsigned(bytes: Buffer, at: number, value: number): number {
  let rest = value
  let next = at
  while (rest > 0x7f) {
    bytes[next++] = (rest & 0x7f) | 0x80
    rest >>>= 7
  }
  bytes[next++] = rest
  return next
}
