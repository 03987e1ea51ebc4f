import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type AvroSchema, avro, avroFile, readAvroFile } from '../../../shared/codecs/avro/index.ts'
import type { Codec } from '../../../shared/codecs/codec.ts'
import { MalformedRecordError } from '../../../shared/model/errors.ts'
import { Random } from '../random.ts'
import { decode, refusesToRead, refusesToWrite } from './reading.ts'
import { fromVector, vectors } from './vectors.ts'

const list = {
  type: 'record',
  name: 'List',
  fields: [{ name: 'next', type: ['null', 'List'] }],
} as const

/** 2^41 as a count. */
const huge = [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01]

/** Nothing but a MalformedRecordError may come of bytes. */
function survives(codec: Codec<unknown>, bytes: Uint8Array): boolean {
  try {
    decode(codec, bytes)
    return true
  } catch (error) {
    assert.ok(error instanceof MalformedRecordError, String(error))
    assert.match(error.message, /^Cannot read .*: found .*, expected /)
    return false
  }
}

describe('hostile bytes', () => {
  it('cannot make an array of nothing without end', () => {
    const wrong = /items without bytes, expected at most 65536 in a value/
    refusesToRead(avro({ type: 'array', items: 'null' }), [...huge, 0], wrong)
    refusesToRead(
      avro({ type: 'array', items: { type: 'array', items: 'null' } }),
      [4, 0xfe, 0xff, 7, 0, 0xfe, 0xff, 7, 0, 0],
      wrong,
    )
    refusesToRead(avro({ type: 'array', items: { type: 'fixed', name: 'F', size: 0 } }), [...huge, 0], wrong)
    const empty: AvroSchema = { type: 'record', name: 'E', fields: [{ name: 'n', type: 'null' }] }
    refusesToRead(avro<unknown>({ type: 'array', items: empty }), [...huge, 0], wrong)
    const skipping = avro<unknown>(
      { type: 'record', name: 'R', fields: [] },
      {
        framing: 'singleObject',
        alsoReads: [{ type: 'record', name: 'R', fields: [{ name: 'a', type: { type: 'array', items: 'null' } }] }],
      },
    )
    const header = avro<unknown>(
      { type: 'record', name: 'R', fields: [{ name: 'a', type: { type: 'array', items: 'null' } }] },
      { framing: 'singleObject' },
    ).encode({ a: [] })
    refusesToRead(skipping, Buffer.concat([header.subarray(0, 10), Buffer.from([...huge, 0])]), wrong)
    assert.equal(decode(avro({ type: 'array', items: 'null' }), Buffer.from([0x80, 0x80, 8, 0])).length, 65_536)
  })

  it('cannot claim more than there is', () => {
    refusesToRead(avro({ type: 'array', items: 'int' }), [...huge, 0], /^Cannot read \[1\]: found no bytes left/)
    refusesToRead(avro({ type: 'map', values: 'int' }), [...huge, 0], /found no bytes left, expected an int/)
    refusesToRead(
      avro('string'),
      [...huge, 0],
      'Cannot read the value: found 1 byte left, expected 2199023255552 for a string',
    )
    refusesToRead(avro('bytes'), [1], 'Cannot read the value: found the length -1, expected 0 or more for bytes')
    refusesToRead(avro({ type: 'fixed', name: 'F', size: 2 ** 31 - 1 }), [1], /found 1 byte left/)
    refusesToRead(avro('bytes'), Buffer.from('feffffffffffffffff01', 'hex'), /expected 9223372036854775807 for bytes/)
  })

  it('cannot be integers that are too long', () => {
    refusesToRead(
      avro('int'),
      [0xff, 0xff, 0xff, 0xff, 0x1f],
      'Cannot read the value: found the bytes ffffffff1f, expected an int of at most 32 bits',
    )
    refusesToRead(avro('int'), [0x80, 0x80, 0x80, 0x80, 0x80, 0], /an int of at most 32 bits/)
    refusesToRead(avro('long'), Buffer.from('ffffffffffffffffff03', 'hex'), /a long of at most 64 bits/)
    refusesToRead(avro('long'), Buffer.from('8080808080808080808000', 'hex'), /a long of at most 64 bits/)
    assert.equal(decode(avro('int'), Buffer.of(0xff, 0xff, 0xff, 0xff, 0x0f)), -(2 ** 31))
  })

  it('cannot be what no writer writes', () => {
    refusesToRead(avro('boolean'), [2], 'Cannot read the value: found the byte 2, expected 0 or 1 for a boolean')
    refusesToRead(avro(['null', 'int']), [4], 'Cannot read the value: found the index 2, expected 0 to 1 for a union')
    refusesToRead(avro(['null', 'int']), [1], /found the index -1/)
    refusesToRead(
      avro({ type: 'enum', name: 'E', symbols: ['A'] }),
      [2],
      'Cannot read the value: found the index 1, expected 0 to 0 for E',
    )
    refusesToRead(avro('string'), [2, 0xff], 'Cannot read the value: found the bytes ff, expected a string in UTF-8')
    refusesToRead(avro('null'), [0], /found 1 bytes behind the value/)
  })

  it('cannot be deeper than a stack', () => {
    const codec = avro<unknown>(list)
    refusesToRead(
      codec,
      Buffer.alloc(1_000_000, 2),
      /^Cannot read next\.next\..*…\.next.*: found more than 400 records inside each other, expected fewer$/,
    )
    let value: unknown = { next: null }
    for (let i = 0; i < 1000; i++) value = { next: value }
    refusesToWrite(codec, value, /more than 400 records inside each other/)
    const itself: { next: unknown } = { next: null }
    itself.next = itself
    refusesToWrite(codec, itself, /more than 400 records inside each other/)
  })

  it('cannot make records of no bytes multiply', () => {
    // Each level holds ten of the next, and none takes a byte: 10^30 records.
    let type: unknown = 'null'
    for (let level = 0; level < 30; level++) {
      const name = `L${level}`
      const fields = Array.from({ length: 10 }, (_, i) => ({
        name: `f${i}`,
        type: i === 0 ? type : level === 0 ? 'null' : `L${level - 1}`,
      }))
      type = { type: 'record', name, fields }
    }
    refusesToRead(avro<unknown>({ text: JSON.stringify(type) }), [], /records, most without bytes, expected fewer/)
  })

  it('are read or refused, whatever they are', () => {
    const random = new Random(41)
    let read = 0
    for (const { schema, hex } of vectors.plain) {
      const codec = avro<unknown>(schema, { long: 'either' })
      const bytes = Buffer.from(hex, 'hex')
      for (let i = 0; i < 40; i++) {
        const changed = Buffer.from(bytes)
        const kind = random.below(4)
        if (kind === 0) survives(codec, random.bytes(random.below(40)))
        else if (kind === 1) survives(codec, bytes.subarray(0, random.below(bytes.length + 1)))
        else if (changed.length > 0) {
          for (let n = random.between(1, 3); n > 0; n--)
            changed[random.below(changed.length)] = random.pick([0, 1, 0x7f, 0x80, 0xff, random.below(256)])
          if (survives(codec, changed)) read++
        }
      }
    }
    assert.ok(read > 100)
  })

  it('that are read are written to bytes that are read as the same', () => {
    const random = new Random(43)
    for (const { schema } of vectors.plain) {
      const codec = avro<unknown>(schema, { long: 'either' })
      for (let i = 0; i < 30; i++) {
        const bytes = random.bytes(random.below(24))
        if (!survives(codec, bytes)) continue
        const value = decode(codec, bytes)
        assert.deepEqual(decode(codec, codec.encode(value)), value, JSON.stringify(schema))
      }
    }
  })

  it('in files are refused with their block', () => {
    const random = new Random(47)
    for (const { schema, file, values } of vectors.files) {
      const bytes = Buffer.from(file, 'base64')
      const expected = values.map(fromVector)
      for (let i = 0; i < 120; i++) {
        const changed = Buffer.from(bytes)
        if (random.below(3) === 0) changed.fill(random.below(256), random.below(changed.length))
        else changed[random.below(changed.length)] ^= 1 << random.below(8)
        try {
          const got = [...avroFile<unknown>(schema).decode(changed)]
          assert.ok(got.length <= expected.length)
          Array.from(readAvroFile(changed))
        } catch (error) {
          assert.ok(error instanceof MalformedRecordError, String(error))
        }
      }
    }
  })
})
