import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Codec } from '../../shared/codecs/codec.ts'
import { json } from '../../shared/codecs/json.ts'
import { MalformedRecordError } from '../../shared/model/errors.ts'
import { Random } from './random.ts'

type Reading = { readonly device: string; readonly celsius: number }

function decode<T>(codec: Codec<T>, given: string | Uint8Array): T {
  const bytes = Buffer.from(given)
  return codec.decode(bytes, 0, bytes.length)
}

function refuses<T>(codec: Codec<T>, given: string | Uint8Array, message: string | RegExp): void {
  assert.throws(() => decode(codec, given), { name: MalformedRecordError.name, message })
}

function checkReading(value: unknown): Reading {
  if (typeof value === 'object' && value !== null && 'device' in value && 'celsius' in value) {
    const { device, celsius } = value
    if (typeof device === 'string' && typeof celsius === 'number') return { device, celsius }
  }
  throw new TypeError('device must be a string,\ncelsius a number')
}

describe('json()', () => {
  it('takes its type on trust', () => {
    const codec = json<Reading>()
    const value: Reading = decode(codec, ' {"device":"köln","celsius":-1.5}\r\n')
    assert.deepEqual(value, { device: 'köln', celsius: -1.5 })
  })

  it('has the type that validate() returns', () => {
    const codec = json(checkReading)
    const value: Reading = decode(codec, '{"device":"a","celsius":1,"more":true}')
    assert.deepEqual(value, { device: 'a', celsius: 1 })
  })

  it('reads exactly the bytes it is told to', () => {
    assert.deepEqual(json().decode(new Uint8Array(Buffer.from('[1][2][3]')), 3, 6), [2])
  })

  it('reads back what it wrote', () => {
    const codec = json()
    for (const value of [null, 0, 'x', [], { a: [1, { b: '\ud800 \u2028 \ufffd 東' }] }]) {
      assert.deepEqual(decode(codec, codec.encode(value)), value)
    }
  })

  it('names what it found when that is not JSON', () => {
    refuses(json(), '{oops}', /^Cannot read JSON: found "\{oops\}", expected a JSON value \(.*position 1.*\)$/)
    refuses(json(), '', /^Cannot read JSON: found "", expected a JSON value \(Unexpected end of JSON input\)$/)
    refuses(json(), Buffer.from('22ff22', 'hex'), 'Cannot read JSON: found "\\"\ufffd\\"", expected UTF-8')
  })

  it('keeps its message on one short line', () => {
    assert.throws(
      () => decode(json(), `[\n\u001b[31m\0${'x'.repeat(10_000)}`),
      error => error instanceof Error && error.message.length < 500 && /^[ -~…]+$/.test(error.message),
    )
  })

  it('tells why validate() refused a value', () => {
    const found = 'found "{\\"device\\":1}", which validate() refused'
    refuses(
      json(checkReading),
      '{"device":1}',
      `Cannot read JSON: ${found}: device must be a string,\\u000acelsius a number`,
    )
    const own = json(() => {
      throw new MalformedRecordError('Cannot read a reading: found nothing, expected a device')
    })
    refuses(own, '1', 'Cannot read a reading: found nothing, expected a device')
  })

  it('refuses to write what JSON does not have', () => {
    assert.throws(() => json().encode(undefined), {
      name: 'RangeError',
      message: 'Cannot write JSON: found undefined, expected a value that JSON has',
    })
  })

  it('reads any bytes as a value or as malformed', () => {
    const random = new Random(1)
    const parts = [...'{}[]",:0123e.-ntf\\u \n'].map(part => part.charCodeAt(0))
    for (let i = 0; i < 20_000; i++) {
      const bytes = Buffer.from(
        Array.from({ length: random.below(20) }, () => random.pick([...parts, random.below(256)])),
      )
      try {
        decode(json(), bytes)
      } catch (error) {
        assert.ok(error instanceof MalformedRecordError)
      }
    }
  })
})
