import { isUtf8 } from 'node:buffer'
import { type WireField, type WireMessage, wire } from './wire-fields.ts'

/** As in the other implementations of protobuf: messages and groups inside each other. */
const deepest = 100

/** A varint has at most so many bytes, a tag and a length fewer. */
const longestVarint = 10
const longestShort = 5

/** What is wrong with bytes, and where. */
export type WireFault = {
  /** From the outermost field inwards, e.g. `lines[2]`. */
  readonly path: readonly string[]
  /** Byte of the record. */
  readonly at: number
  readonly found: string
  readonly expected: string
}

/**
 * Walks over a record as the wire format has it, without making anything: each field has its type, its length is within the message that
 * holds it, and nothing is nested too deep. The library itself reads on past the end of a nested message and takes a field of another
 * type for its own, and would so make values that nobody wrote.
 */
export class WireCheck {
  /** Whether something decodes to a view of the record. */
  keepsBytes = false
  #bytes: Buffer = Buffer.alloc(0)
  #at = 0
  #allText = false
  #fault: WireFault | undefined

  /** Of text only what the library lets through is looked at, or with `allText` all. */
  run(message: WireMessage, bytes: Buffer, start: number, end: number, allText = false): WireFault | undefined {
    this.keepsBytes = false
    this.#bytes = bytes
    this.#at = start
    this.#allText = allText
    this.#fault = undefined
    this.#message(message, end, 0, 1)
    return this.#fault
  }

  /** Up to `end`, or to the end of the group of this number. Answers whether all is right, as all others here. */
  #message(message: WireMessage, end: number, group: number, depth: number): boolean {
    const start = this.#at
    if (depth > deepest) return this.#wrong(start, 'another message inside', `at most ${deepest} inside each other`)
    const missing = message.required.length === 0 ? undefined : new Set(message.required)
    while (this.#at < end) {
      const tagAt = this.#at
      const tag = this.#short(end)
      if (tag < 0) return this.#wrong(tagAt, 'no tag', 'the tag of a field')
      const wireType = tag & 7
      const number = tag >>> 3
      if (number === 0) return this.#wrong(tagAt, 'a field of number 0', 'one from 1')
      if (wireType === wire.endGroup) {
        if (number === group) return this.#hasAll(message, missing, tagAt)
        return this.#wrong(
          tagAt,
          `the end of a group ${number}`,
          group === 0 ? 'no group' : `the end of group ${group}`,
        )
      }
      const field = message.fields.get(number)
      missing?.delete(number)
      if (field === undefined) {
        this.keepsBytes = true
        if (!this.#unknown(number, wireType, end, depth)) return this.#inField(`#${number}`)
      } else if (!this.#field(field, number, wireType, end, depth)) {
        return this.#inField(
          field.kind === 'single' ? field.name : `${field.name}[${this.#countOf(number, start, tagAt)}]`,
        )
      }
    }
    if (group === 0) return this.#hasAll(message, missing, end)
    return this.#wrong(this.#at, 'the end of what holds it', `the end of group ${group}`)
  }

  #hasAll({ fields }: WireMessage, missing: ReadonlySet<number> | undefined, at: number): boolean {
    if (missing === undefined || missing.size === 0) return true
    const [number] = missing
    this.#wrong(at, 'nothing', 'the field that is required')
    return this.#inField(fields.get(number)?.name ?? `#${number}`)
  }

  #field(field: WireField, number: number, wireType: number, end: number, depth: number): boolean {
    const at = this.#at
    if (wireType !== field.wireType) {
      const isPacked = wireType === wire.counted && field.kind === 'list' && field.isPackable === true
      return isPacked ? this.#packed(field, end) : this.#wrong(at, wireTypeNames[wireType], field.expected)
    }
    if (field.message !== undefined) {
      if (wireType === wire.startGroup) return this.#message(field.message(), end, number, depth + 1)
      const length = this.#length(end)
      if (length < 0) return this.#wrong(at, this.#leftover(at, end), field.expected)
      // An entry of a map is no message of its own to the library.
      return this.#message(field.message(), this.#at + length, 0, field.kind === 'map' ? depth : depth + 1)
    }
    if (!this.#skip(wireType, end)) return this.#wrong(at, this.#leftover(at, end), field.expected)
    if (field.isBytes === true) this.keepsBytes = true
    if (field.text === undefined || (field.text === 'strict' && !this.#allText)) return true
    return this.#text(at)
  }

  #text(at: number): boolean {
    const end = this.#at
    this.#at = at
    const length = this.#short(end)
    const text = this.#bytes.subarray(this.#at, this.#at + length)
    this.#at = end
    const what = length === 1 ? 'a byte that is not UTF-8' : `${length} bytes that are not UTF-8`
    return isUtf8(text) || this.#wrong(at, what, 'a string in UTF-8')
  }

  #packed(field: WireField, end: number): boolean {
    const at = this.#at
    const length = this.#length(end)
    if (length < 0) return this.#wrong(at, this.#leftover(at, end), `the length and values of a packed list`)
    const last = this.#at + length
    while (this.#at < last) {
      const valueAt = this.#at
      if (!this.#skip(field.wireType, last)) return this.#wrong(valueAt, this.#leftover(valueAt, last), field.expected)
    }
    return true
  }

  #unknown(number: number, wireType: number, end: number, depth: number): boolean {
    const at = this.#at
    if (wireType === wire.startGroup) return this.#message(anyMessage, end, number, depth + 1)
    if (wireType > wire.fourBytes) return this.#wrong(at, `wire type ${wireType}`, 'one from 0 to 5')
    return this.#skip(wireType, end) || this.#wrong(at, this.#leftover(at, end), expectedOf[wireType])
  }

  /** Passes one value that is no group. */
  #skip(wireType: number, end: number): boolean {
    switch (wireType) {
      case wire.varint:
        return this.#varint(end)
      case wire.eightBytes:
        this.#at += 8
        return this.#at <= end
      case wire.fourBytes:
        this.#at += 4
        return this.#at <= end
      default: {
        const length = this.#length(end)
        this.#at += length
        return length >= 0
      }
    }
  }

  #varint(end: number): boolean {
    const last = Math.min(end, this.#at + longestVarint)
    while (this.#at < last) if (this.#bytes[this.#at++] < 0x80) return true
    return false
  }

  /** A length that what is left can hold, or -1. */
  #length(end: number): number {
    const length = this.#short(end)
    return length <= end - this.#at ? length : -1
  }

  /** A varint below 2^32, or -1. */
  #short(end: number): number {
    const first = this.#bytes[this.#at]
    if (this.#at < end && first < 0x80) {
      this.#at++
      return first
    }
    const last = Math.min(end, this.#at + longestShort)
    let value = 0
    for (let scale = 1; this.#at < last; scale *= 0x80) {
      const byte = this.#bytes[this.#at++]
      value += (byte & 0x7f) * scale
      if (byte < 0x80) return value < 2 ** 32 ? value : -1
    }
    return -1
  }

  /** How many fields of this number stand before this one, which is its index in the list. A packed one counts as one. */
  #countOf(number: number, start: number, before: number): number {
    const at = this.#at
    let count = 0
    this.#at = start
    while (this.#at < before) {
      const tag = this.#short(before)
      if (tag >>> 3 === number) count++
      if ((tag & 7) === wire.startGroup) this.#unknown(tag >>> 3, wire.startGroup, before, 0)
      else this.#skip(tag & 7, before)
    }
    this.#at = at
    return count
  }

  #leftover(at: number, end: number): string {
    const left = end - at
    if (left <= 0) return 'nothing'
    return `${left === 1 ? 'the byte' : `${left} bytes, which begin with`} ${this.#bytes[at].toString(16).padStart(2, '0')}`
  }

  #wrong(at: number, found: string, expected: string): false {
    this.#fault = { path: [], at, found, expected }
    return false
  }

  #inField(name: string): false {
    if (this.#fault !== undefined) this.#fault = { ...this.#fault, path: [name, ...this.#fault.path] }
    return false
  }
}

const anyMessage: WireMessage = { name: 'a group', fields: new Map(), required: [] }

const wireTypeNames = [
  'a varint',
  'eight bytes',
  'a length',
  'a group',
  'the end of a group',
  'four bytes',
  'wire type 6',
  'wire type 7',
]

const expectedOf = ['a varint', 'eight bytes', 'a length and so many bytes', 'a group', 'a group', 'four bytes']
