import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import aggregation from 'aws-kinesis-agg'
import { type KplRecords, readKpl } from '../../shared/codecs/kpl.ts'
import { KplWriter } from '../../shared/codecs/kpl-writer.ts'
import { Random } from './random.ts'

type UserRecord = { readonly partitionKey: string; readonly explicitHashKey?: string; readonly data: Buffer }

type Vectors = {
  readonly cases: readonly {
    readonly name: string
    readonly record: { readonly partitionKey: string; readonly data: string }
    readonly aggregated: boolean
    readonly expected: readonly {
      readonly partitionKey: string
      readonly explicitHashKey: string | null
      readonly data: string
      readonly subSequenceNumber: number | null
    }[]
  }[]
}

const vectors: Vectors = JSON.parse(readFileSync(new URL('../vectors/kpl.json', import.meta.url), 'utf8'))

const magic = Buffer.from('f3899ac2', 'hex')
const checksum = (message: Buffer): Buffer => createHash('md5').update(message).digest()
const aggregate = (message: Buffer): Buffer => Buffer.concat([magic, message, checksum(message)])

function unpack(data: Buffer): UserRecord[] {
  const records = readKpl(data)
  assert.ok(records !== undefined)
  return recordsOf(data, records)
}

function recordsOf(data: Buffer, records: KplRecords): UserRecord[] {
  return Array.from({ length: records.count }, (_, i) => {
    const hashKey = records.explicitHashKey(i)
    const record = { partitionKey: records.partitionKey(i), data: data.subarray(records.start(i), records.end(i)) }
    return hashKey === undefined ? record : { ...record, explicitHashKey: String(hashKey) }
  })
}

function pack(records: readonly UserRecord[]): Buffer {
  const writer = new KplWriter(1_000_000)
  for (const { partitionKey, data, explicitHashKey } of records) {
    const hashKey = explicitHashKey === undefined ? undefined : BigInt(explicitHashKey)
    assert.equal(writer.add(partitionKey, data, 0, data.length, hashKey), 'added')
  }
  assert.equal(writer.count, records.length)
  const { size } = writer
  const whole = Buffer.from(writer.finish())
  assert.equal(whole.length, size)
  return whole
}

/** Above 2^32: the package puts its table into a plain object, which would sort smaller numbers and mix up their indexes. */
const largeHashKeys = [
  '170141183460469231731687303715884105728',
  '4294967296',
  '340282366920938463463374607431768211455',
]

const keys = ['a', 'key-2', 'köln-東京', 'x'.repeat(200), ...Array.from({ length: 300 }, (_, i) => `k${i}`)]

function randomRecords(random: Random, hashKeys: readonly string[], most = 400): UserRecord[] {
  const keysUsed = random.pick([1, 3, keys.length])
  return Array.from({ length: random.between(1, most) }, () => {
    const record = {
      partitionKey: keys[random.below(keysUsed)],
      data: random.bytes(random.pick([0, 1, 50, 127, 128, 300])),
    }
    return hashKeys.length > 0 ? { ...record, explicitHashKey: random.pick(hashKeys) } : record
  })
}

function packWithPackage(records: readonly UserRecord[]): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    aggregation.aggregate(
      records.map(record => ({ ...record })),
      (encoded, done) => {
        resolve(encoded.data)
        done()
      },
      () => {},
      reject,
    )
  })
}

function unpackWithPackage(data: Buffer): UserRecord[] {
  const records: UserRecord[] = []
  const record = {
    kinesisSchemaVersion: '1.0',
    partitionKey: 'outer',
    sequenceNumber: '1',
    approximateArrivalTimestamp: 0,
    data: data.toString('base64'),
  }
  aggregation.deaggregateSync(record, true, (error, found) => {
    assert.ifError(error)
    for (const { partitionKey, explicitPartitionKey, data } of found ?? []) {
      const unpacked = { partitionKey, data: Buffer.from(data, 'base64') }
      records.push(
        explicitPartitionKey === undefined ? unpacked : { ...unpacked, explicitHashKey: explicitPartitionKey },
      )
    }
  })
  return records
}

describe('readKpl()', () => {
  for (const { name, record, aggregated, expected } of vectors.cases) {
    it(`unpacks the vector ${name} as it says`, () => {
      const data = Buffer.from(record.data, 'base64')
      const records = readKpl(data)
      assert.equal(records !== undefined, aggregated)
      if (records === undefined) {
        assert.deepEqual(expected, [
          { partitionKey: record.partitionKey, explicitHashKey: null, data: record.data, subSequenceNumber: null },
        ])
        return
      }
      const unpacked = recordsOf(data, records).map(({ partitionKey, explicitHashKey, data }, subSequenceNumber) => ({
        partitionKey,
        explicitHashKey: explicitHashKey ?? null,
        data: data.toString('base64'),
        subSequenceNumber,
      }))
      assert.deepEqual(unpacked, expected)
    })
  }

  it('reads what aws-kinesis-agg writes', async () => {
    const random = new Random(1)
    for (let i = 0; i < 50; i++) {
      const records = randomRecords(random, i % 2 === 0 ? [] : largeHashKeys)
      assert.deepEqual(unpack(await packWithPackage(records)), records)
    }
  })

  it('skips fields and tags that it does not know, wherever they stand', () => {
    const unknown = Buffer.concat([
      Buffer.from('20ffffffffffffffffff01', 'hex'), // 4: the largest varint
      Buffer.from('290102030405060708', 'hex'), // 5: eight bytes
      Buffer.from('32021a00', 'hex'), // 6: bytes that look like a record
      Buffer.from('3d01020304', 'hex'), // 7: four bytes
      Buffer.from('c2bb0100', 'hex'), // 3000: no bytes
    ])
    const tags = Buffer.from('22050a016b120176', 'hex').subarray(0, 7)
    const inner = Buffer.concat([unknown, Buffer.from('0800', 'hex'), tags, Buffer.from('1a026869', 'hex'), unknown])
    const record = Buffer.concat([Buffer.from([0x1a, inner.length]), inner])
    const message = Buffer.concat([unknown, record, unknown, Buffer.from('0a016b', 'hex')])
    assert.deepEqual(unpack(aggregate(message)), [{ partitionKey: 'k', data: Buffer.from('hi') }])
  })

  it('reads an aggregate without records as one', () => {
    assert.equal(readKpl(aggregate(Buffer.alloc(0)))?.count, 0)
  })

  it('takes what is no such message for a plain record, although its checksum is right', () => {
    const messages = {
      'a length beyond the end': '0a056b',
      'a varint that does not end': '0a80808080',
      'a varint of 11 bytes': '20ffffffffffffffffffff01',
      'a field beyond the end': '0a016b2901',
      'a group': '0a016b2324',
      'field 0': '0a016b0000',
      'text that is not UTF-8': '0a01ff1a0408001a00',
      'a record without partition key index': '0a016b1a021a00',
      'a record without data': '0a016b1a020800',
      'a partition key index beyond the table': '0a016b1a0408011a00',
      'a huge partition key index': '0a016b1a0d08ffffffffffffffffff011a00',
      'a hash key index beyond the table': '0a016b1a06080010001a00',
      'a hash key that is no number': '0a016b1201781a06080010001a00',
      'data beyond its record': '0a016b1a0408001a020000',
    }
    for (const [name, message] of Object.entries(messages)) {
      assert.equal(readKpl(aggregate(Buffer.from(message, 'hex'))), undefined, name)
    }
    const hashKey = Buffer.from(String(2n ** 128n))
    const tooLarge = Buffer.concat([Buffer.from([0x12, hashKey.length]), hashKey])
    assert.equal(readKpl(aggregate(tooLarge)), undefined)
  })

  it('reads any bytes as records inside them or as a plain record', () => {
    const random = new Random(2)
    for (let i = 0; i < 10_000; i++) {
      const whole = pack(randomRecords(random, ['5'], 4))
      const message = Buffer.from(whole.subarray(4, -16))
      for (let hits = random.below(4); hits > 0; hits--) message[random.below(message.length)] = random.below(256)
      const data = aggregate(i % 4 === 0 ? random.bytes(random.below(30)) : message)
      const records = readKpl(data)
      if (records === undefined) continue
      for (let at = 0; at < records.count; at++) {
        assert.ok(4 <= records.start(at) && records.start(at) <= records.end(at) && records.end(at) <= data.length - 16)
        assert.equal(typeof records.partitionKey(at), 'string')
        assert.notEqual(records.explicitHashKey(at), null)
      }
    }
  })
})

describe('KplWriter', () => {
  it('writes the very bytes that aws-kinesis-agg writes', async () => {
    const random = new Random(3)
    for (let i = 0; i < 50; i++) {
      const records = randomRecords(random, i % 2 === 0 ? [] : largeHashKeys)
      assert.deepEqual(pack(records), await packWithPackage(records))
    }
  })

  it('writes what aws-kinesis-agg and readKpl() read', () => {
    const random = new Random(4)
    for (let i = 0; i < 50; i++) {
      const records = randomRecords(random, i % 2 === 0 ? [] : largeHashKeys)
      assert.deepEqual(unpackWithPackage(pack(records)), records)
      assert.deepEqual(unpack(pack(records)), records)
    }
  })

  it('keeps records with and without explicit hash key apart', () => {
    const records = [
      { partitionKey: 'a', data: Buffer.from('1') },
      { partitionKey: 'a', data: Buffer.from('2'), explicitHashKey: '7' },
      { partitionKey: 'b', data: Buffer.from('3') },
    ]
    assert.deepEqual(unpack(pack(records)), records)
  })

  it('is full before it would grow beyond its size, and empty after finish()', () => {
    const writer = new KplWriter(1_000)
    const line = Buffer.from('x'.repeat(90))
    const sizes: number[] = []
    for (let i = 0; i < 100; i++) {
      if (writer.add(`key-${i}`, line) === 'added') continue
      const { size, count } = writer
      assert.ok(count > 5)
      sizes.push(size)
      assert.equal(readKpl(Buffer.from(writer.finish()))?.count, count)
      assert.equal(writer.count, 0)
      assert.equal(writer.size, 20)
      assert.equal(writer.add(`key-${i}`, line), 'added')
    }
    assert.ok(sizes.every(size => size <= 1_000 && size > 800))
  })

  it('gives bytes of its own, which later records do not change', () => {
    const writer = new KplWriter()
    writer.add('a', Buffer.from('first'))
    const first = Buffer.from(writer.finish())
    const kept = Buffer.from(first)
    writer.add('b', Buffer.from('other'))
    writer.finish()
    assert.deepEqual(first, kept)
  })

  it('adds a part of the bytes, of a Buffer or a plain Uint8Array', () => {
    const writer = new KplWriter()
    writer.add('a', Buffer.from('one,two'), 4)
    writer.add('a', new Uint8Array(Buffer.from('one,two')), 0, 3)
    const records = unpack(Buffer.from(writer.finish()))
    assert.deepEqual(
      records.map(record => record.data.toString()),
      ['two', 'one'],
    )
  })

  it('takes a first record that is larger than its size, as long as Kinesis would', () => {
    const writer = new KplWriter(1_000)
    assert.equal(writer.add('a', Buffer.alloc(900_000)), 'added')
    assert.equal(writer.add('a', Buffer.alloc(1)), 'full')
    assert.equal(unpack(Buffer.from(writer.finish()))[0].data.length, 900_000)
    assert.throws(() => writer.add('a', Buffer.alloc(1024 * 1024)), {
      name: 'RangeError',
      message: 'Cannot aggregate: one record takes 1048609 bytes, at most 1048320 would be right',
    })
    assert.equal(writer.size, 20)
  })

  it('refuses keys that Kinesis would refuse, and changes nothing', () => {
    const writer = new KplWriter()
    const data = Buffer.from('x')
    for (const key of ['', 'x'.repeat(257), '\ud800']) assert.throws(() => writer.add(key, data), RangeError)
    for (const key of [-1n, 2n ** 128n]) assert.throws(() => writer.add('a', data, 0, 1, key), RangeError)
    assert.throws(() => writer.add('a', data, 1, 0), RangeError)
    assert.throws(() => writer.add('a', data, 0, 2), RangeError)
    assert.throws(() => writer.add('a', data, -1, 1), RangeError)
    assert.equal(writer.size, 20)
    assert.throws(() => new KplWriter(0), RangeError)
    assert.throws(() => new KplWriter(2 ** 21), RangeError)
  })
})
