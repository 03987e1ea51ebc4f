import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { create, type JsonValue, type Message, toJson } from '@bufbuild/protobuf'
import type { Codec } from '../../shared/codecs/codec.ts'
import { protobuf, protobufType } from '../../shared/codecs/protobuf/index.ts'
import { ConfigurationError, MalformedRecordError } from '../../shared/model/errors.ts'
import { type Legacy, LegacySchema } from '../vectors/protobuf/legacy_pb.ts'
import { OldOrderSchema, type Order, OrderSchema, OtherOrderSchema } from '../vectors/protobuf/orders_pb.ts'

const folder = new URL('../vectors/protobuf/', import.meta.url)
const descriptorSet = readFileSync(new URL('descriptors.binpb', folder))
type Vector = { readonly type: string; readonly bytes: string; readonly json: JsonValue }
const { messages, damaged }: { messages: Vector[]; damaged: (Omit<Vector, 'json'> & { json?: JsonValue })[] } =
  JSON.parse(readFileSync(new URL('vectors.json', folder), 'utf8'))

function decode<T>(codec: Codec<T>, given: Uint8Array | string): T {
  const bytes = typeof given === 'string' ? Buffer.from(given.replaceAll(' ', ''), 'hex') : given
  return codec.decode(bytes, 0, bytes.length)
}

function refuses(given: string, message: string): void {
  assert.throws(() => decode(protobuf(OrderSchema), given), {
    name: MalformedRecordError.name,
    message: `Cannot read millrace.test.Order: ${message}`,
  })
}

/** A float has about seven digits, and more are printed here than there. */
const rounded = (json: JsonValue | undefined): unknown =>
  JSON.parse(JSON.stringify(json), (_, value) => (typeof value === 'number' ? value.toPrecision(6) : value))

/** Compiles only if both are the same type. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
const holds = <Claim extends true>(claim: Claim): void => assert.ok(claim)

describe('protobuf()', () => {
  it('reads what the Python implementation wrote, and writes what reads back the same', () => {
    for (const { type, bytes, json } of messages) {
      const desc = protobufType(descriptorSet, type)
      const codec = protobuf(desc)
      const value = decode(codec, bytes)
      assert.deepEqual(toJson(desc, value), json)
      assert.deepEqual(decode(codec, codec.encode(value)), value)
    }
  })

  it('refuses what the Python implementation refuses, and never reads another value', () => {
    for (const { type, bytes, json } of damaged) {
      const desc = protobufType(descriptorSet, type)
      let read: JsonValue | undefined
      try {
        read = toJson(desc, decode(protobuf(desc), bytes))
      } catch (error) {
        assert.ok(error instanceof MalformedRecordError)
        // Python takes these for unknown fields, for text that it refuses when it is looked at, or for nothing wrong.
        if (json !== undefined) assert.match(error.message, /found (?:a|four|eight) |not UTF-8|that is required/)
        continue
      }
      assert.deepEqual(rounded(read), rounded(json), bytes)
    }
  })

  it('has the type of generated code', () => {
    const codec = protobuf(OrderSchema)
    holds<Same<ReturnType<typeof codec.decode>, Order>>(true)
    const legacy = protobuf(LegacySchema)
    holds<Same<ReturnType<typeof legacy.decode>, Legacy>>(true)
    const { cents } = decode(codec, codec.encode(create(OrderSchema, { id: 'a', cents: 2n ** 53n + 1n })))
    assert.equal(cents, 9007199254740993n)
  })

  it('reads exactly the bytes it is told to, and keeps none of them', () => {
    const codec = protobuf(OrderSchema)
    const record = codec.encode(create(OrderSchema, { signature: Uint8Array.of(1, 2), id: 'a' }))
    const around = Buffer.concat([Buffer.from([0xff, 0xff]), record, Buffer.from([0xff])])
    const value = codec.decode(around, 2, 2 + record.length)
    around.fill(0)
    assert.deepEqual(value, create(OrderSchema, { signature: Uint8Array.of(1, 2), id: 'a' }))
  })

  it('keeps the fields that it does not know, or drops them', () => {
    const newer = protobuf(OrderSchema).encode(create(OrderSchema, { id: 'a', amount: 1, price: 2.5 }))
    const codec = protobuf(OldOrderSchema)
    assert.equal(decode(protobuf(OrderSchema), codec.encode(decode(codec, newer))).price, 2.5)
    const dropping = protobuf(OldOrderSchema, { unknownFields: 'drop' })
    assert.deepEqual(decode(dropping, newer), create(OldOrderSchema, { id: 'a', amount: 1 }))
  })

  it('names the field, the byte, what was found and what was expected', () => {
    refuses('0a05', 'found the byte 05 at "id" (byte 1), expected the length and bytes of a string')
    refuses('0a01ff', 'found a byte that is not UTF-8 at "id" (byte 1), expected a string in UTF-8')
    refuses('10', 'found nothing at "amount" (byte 1), expected a varint of int32')
    refuses('6d 00000000', 'found four bytes at "price" (byte 1), expected the eight bytes of a double')
    refuses('920103ffffff', 'found 3 bytes, which begin with ff at "steps[0]" (byte 3), expected a varint of int32')
    refuses('07', 'found a field of number 0 (byte 0), expected one from 1')
    refuses(
      '8a0100 8a0106 0a0161 1a0108',
      'found a varint at "lines[1].parts[0].sku" (byte 12), expected the length and bytes of a string',
    )
    refuses('a20104 0a0161 10', 'found nothing at "stock[0].value" (byte 7), expected a varint of int64')
    refuses('f8ff', 'found no tag (byte 0), expected the tag of a field')
    refuses('0c', 'found the end of a group 1 (byte 0), expected no group')
  })

  it('refuses a nested message that reaches beyond what holds it, which would take the bytes that follow', () => {
    // A line of three bytes, whose price would have eight.
    refuses(
      '8a0103 110102 0304050607080910',
      'found 2 bytes, which begin with 01 at "lines[0].price" (byte 4), expected the eight bytes of a double',
    )
  })

  it('refuses a field that the writer gave another type', () => {
    const other = protobuf(OtherOrderSchema).encode(create(OtherOrderSchema, { id: 7n, amount: 'x' }))
    refuses(
      Buffer.from(other).toString('hex'),
      'found a varint at "id" (byte 1), expected the length and bytes of a string',
    )
  })

  it('refuses a message of proto2 without what it requires', () => {
    assert.throws(() => decode(protobuf(LegacySchema), '1001'), {
      message: 'Cannot read millrace.test.Legacy: found nothing at "id" (byte 2), expected the field that is required',
    })
  })

  it('refuses messages and groups that are nested too deep', () => {
    const groups = 'a306'.repeat(200)
    assert.throws(
      () => decode(protobuf(OrderSchema), groups),
      /found another message inside at "#100.*expected at most 100/,
    )
    let inner = create(OrderSchema).lines
    for (let depth = 0; depth < 150; depth++) inner = create(OrderSchema, { lines: [{ parts: inner }] }).lines
    const bytes = protobuf(OrderSchema).encode(create(OrderSchema, { lines: inner }))
    assert.throws(() => decode(protobuf(OrderSchema), bytes), /found another message inside.*expected at most 100/)
  })

  it('refuses to write what a field cannot hold, and other values', () => {
    const codec = protobuf(OrderSchema)
    assert.throws(() => codec.encode(create(OrderSchema, { amount: 1.5 })), {
      name: 'RangeError',
      message: /^Cannot write millrace.test.Order: .*amount.*invalid int32: 1.5$/,
    })
    for (const broken of [{ tags: ['\ud800'] }, { stock: { '\udc00': 1n } }, { lines: [{ sku: 'a\ud800' }] }]) {
      assert.throws(() => codec.encode(create(OrderSchema, broken)), {
        name: 'RangeError',
        message: /^Cannot write millrace.test.Order: found ".*", expected no half of a surrogate pair$/,
      })
    }
    assert.equal(decode(codec, codec.encode(create(OrderSchema, { id: '\ufffd' }))).id, '\ufffd')
    const wrong: unknown = create(OldOrderSchema)
    assert.throws(() => codec.encode(wrong as Order), {
      name: 'RangeError',
      message:
        'Cannot write millrace.test.Order: found a value of millrace.test.OldOrder, expected one that create() makes',
    })
  })

  it('writes values that have been in state, as plain objects', () => {
    const codec = protobuf(LegacySchema)
    const plain: unknown = { ...create(LegacySchema, { id: 'a', amount: 0 }) }
    const back = decode(codec, codec.encode(plain as Legacy))
    assert.equal(back.amount, 0)
    assert.equal(decode(codec, codec.encode(create(LegacySchema, { id: 'a' }))).amount, 7)
  })
})

describe('protobufType()', () => {
  it('finds a message in a descriptor set, with the type that the user says', () => {
    type Small = Message<'millrace.test.OldOrder'> & { id: string; amount: number }
    const codec = protobuf(protobufType<Small>(descriptorSet, 'millrace.test.OldOrder'))
    assert.equal(decode(codec, '0a0161 1003').amount, 3)
    const any = protobuf(protobufType(descriptorSet, 'millrace.test.OldOrder'))
    assert.equal(decode(any, '0a0161 1003').amount, 3)
  })

  it('refuses a name that is not there, and bytes that are no descriptor set', () => {
    assert.throws(() => protobufType(descriptorSet, 'millrace.test.Nothing'), {
      name: ConfigurationError.name,
      message: /^Cannot find message "millrace.test.Nothing": the descriptor set has millrace.test.Order, /,
    })
    assert.throws(() => protobufType(Buffer.from('xyz'), 'a'), { name: ConfigurationError.name })
  })
})
