import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { raw } from '../../shared/codecs/bytes.ts'
import { type Codec, codec } from '../../shared/codecs/codec.ts'
import { utf8 } from '../../shared/codecs/text.ts'
import { MalformedRecordError } from '../../shared/model/errors.ts'

function decode<T>(each: Codec<T>, given: string | Uint8Array): T {
  const bytes = Buffer.concat([Buffer.from('<'), Buffer.from(given), Buffer.from('>')])
  return each.decode(bytes, 1, bytes.length - 1)
}

describe('utf8', () => {
  it('reads and writes text as it is', () => {
    for (const text of ['', 'a\r\n', '\ufeffköln-東京 😀', 'a\0b', '\ufffd']) {
      assert.equal(decode(utf8, text), text)
      assert.deepEqual(Buffer.from(utf8.encode(text)), Buffer.from(text))
    }
  })

  it('refuses bytes that are not UTF-8', () => {
    for (const hex of ['ff', '61c3', 'c080', 'eda080', 'f4908080', 'efbfbdff']) {
      assert.throws(() => decode(utf8, Buffer.from(hex, 'hex')), {
        name: MalformedRecordError.name,
        message: /^Cannot read text: found ".*\ufffd.*", expected UTF-8$/,
      })
    }
  })

  it('refuses to write half of a surrogate pair', () => {
    assert.throws(() => utf8.encode('a\ud83d'), {
      name: 'RangeError',
      message: 'Cannot write text: found "a\\ud83d", expected no half of a surrogate pair',
    })
  })
})

describe('raw', () => {
  it('copies, so that neither side sees what becomes of the other', () => {
    const bytes = Buffer.from('abc')
    const decoded = raw.decode(bytes, 1, 3)
    const encoded = raw.encode(bytes)
    bytes.fill(0)
    assert.deepEqual(decoded, new Uint8Array([0x62, 0x63]))
    assert.deepEqual(encoded, new Uint8Array([0x61, 0x62, 0x63]))
    assert.equal(decoded.buffer.byteLength, 2)
  })
})

describe('codec()', () => {
  const byte = codec({
    name: 'byte',
    decode: bytes => {
      if (bytes.length === 1) return bytes[0]
      throw new TypeError('it is not one byte')
    },
    encode: (value: number) => Uint8Array.of(value),
  })

  it('makes a codec from two functions', () => {
    const typed: Codec<number> = byte
    assert.equal(typed.name, 'byte')
    assert.equal(decode(byte, 'A'), 65)
    assert.deepEqual(byte.encode(65), Uint8Array.of(65))
  })

  it('makes whatever decode() throws a malformed record', () => {
    assert.throws(
      () => decode(byte, 'AB'),
      error => {
        assert.ok(error instanceof MalformedRecordError)
        assert.equal(error.message, 'Cannot read byte: it is not one byte')
        assert.ok(error.cause instanceof TypeError)
        return true
      },
    )
    const own = new MalformedRecordError('Cannot read a byte: found 2, expected 1')
    const throwing = codec<number>({
      name: 'throwing',
      decode: () => {
        throw own
      },
      encode: () => new Uint8Array(),
    })
    assert.throws(() => decode(throwing, 'A'), own)
  })

  it('hands out a copy that may be kept', () => {
    const kept = codec({ name: 'kept', decode: bytes => bytes, encode: value => value })
    const bytes = Buffer.from('abc')
    const decoded = kept.decode(bytes, 0, 3)
    bytes.fill(0)
    assert.deepEqual(decoded, new Uint8Array(Buffer.from('abc')))
  })
})
