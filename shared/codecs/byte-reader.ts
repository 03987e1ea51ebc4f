/** Reads what a ByteWriter wrote. Throws a RangeError when the bytes end too early. */
export class ByteReader {
  readonly #bytes: Buffer
  #at = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  byte(): number {
    this.#need(1)
    return this.#bytes[this.#at++]
  }

  unsigned(): number {
    let value = 0
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.byte()
      value |= (byte & 0x7f) << shift
      if (byte < 0x80) return value >>> 0
    }
    throw new RangeError('Cannot read an integer: it is longer than 5 bytes')
  }

  double(): number {
    this.#need(8)
    const value = this.#bytes.readDoubleLE(this.#at)
    this.#at += 8
    return value
  }

  text(): string {
    const length = this.unsigned()
    this.#need(length)
    const value = this.#bytes.toString('utf8', this.#at, this.#at + length)
    this.#at += length
    return value
  }

  /** A view, not a copy. */
  bytes(): Buffer {
    const length = this.unsigned()
    this.#need(length)
    const value = this.#bytes.subarray(this.#at, this.#at + length)
    this.#at += length
    return value
  }

  deltas(count: number): Int32Array {
    this.#need(count)
    const values = new Int32Array(count)
    const bytes = this.#bytes
    let at = this.#at
    let value = 0
    for (let i = 0; i < count; i++) {
      let byte = bytes[at++]
      let zigzag = byte & 0x7f
      for (let shift = 7; byte >= 0x80; shift += 7) {
        byte = bytes[at++]
        zigzag |= (byte & 0x7f) << shift
      }
      value = (value + ((zigzag >>> 1) ^ -(zigzag & 1))) | 0
      values[i] = value
    }
    this.#at = at
    this.#need(0)
    return values
  }

  doubles(count: number): Float64Array {
    this.#need(count * 8)
    const values = new Float64Array(count)
    for (let i = 0; i < count; i++) {
      values[i] = this.#bytes.readDoubleLE(this.#at)
      this.#at += 8
    }
    return values
  }

  #need(count: number): void {
    if (this.#at + count > this.#bytes.length) throw new RangeError('Cannot read bytes: they end too early')
  }
}
