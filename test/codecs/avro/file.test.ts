import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { avroFile, readAvroFile, readAvroFileHeader } from '../../../shared/codecs/avro/index.ts'
import { snappyDecompress } from '../../../shared/codecs/avro/snappy.ts'
import { ConfigurationError, MalformedRecordError } from '../../../shared/model/errors.ts'
import { fromVector, vectors } from './vectors.ts'

const reading = {
  type: 'record',
  name: 'Reading',
  fields: [
    { name: 'device', type: 'string' },
    { name: 'celsius', type: 'double' },
  ],
} as const

const values = Array.from({ length: 20_000 }, (_, i) => ({ device: `device-${i % 50}`, celsius: i / 10 }))

describe('avroFile()', () => {
  for (const codec of ['null', 'deflate', 'zstandard'] as const) {
    it(`reads what it wrote, in blocks, with codec ${codec}`, () => {
      const format = avroFile(reading, { codec, metadata: { 'made.by': 'köln' } })
      const file = format.encode(values)
      assert.deepEqual([...format.decode(file)], values)
      assert.deepEqual([...readAvroFile(file)], values)
      assert.deepEqual(readAvroFileHeader(file), {
        schema: JSON.stringify(reading),
        codec,
        metadata: { 'avro.schema': JSON.stringify(reading), 'avro.codec': codec, 'made.by': 'köln' },
      })
      assert.deepEqual([...format.decode(format.encode([]))], [])
      if (codec !== 'null') assert.ok(file.length < avroFile(reading).encode(values).length)
    })
  }

  it('writes the same bytes for the same values, and another marker for others', () => {
    const format = avroFile(reading)
    assert.deepEqual(format.encode(values), avroFile(reading).encode(values))
    const marker = (count: number) =>
      Buffer.from(format.encode(values.slice(0, count)))
        .subarray(-16)
        .toString('hex')
    assert.notEqual(marker(1), marker(2))
  })

  it('grows value by value, and is as it was after one that cannot be written', () => {
    const format = avroFile(reading)
    const writer = format.writer?.()
    assert.ok(writer !== undefined)
    const wrong: unknown = { device: 'b', celsius: 'warm' }
    assert.equal(writer.add({ device: 'a', celsius: 1 }), 10)
    assert.throws(() => avroFile<unknown>(reading).encode([wrong]), {
      name: RangeError.name,
      message: 'Cannot write celsius: found "warm", expected a double',
    })
    assert.throws(() => Reflect.apply(writer.add, writer, [wrong]), RangeError)
    writer.add({ device: 'c', celsius: 3 })
    assert.deepEqual(
      [...format.decode(writer.finish())],
      [
        { device: 'a', celsius: 1 },
        { device: 'c', celsius: 3 },
      ],
    )
  })

  it('is read by another schema', () => {
    const newer = {
      type: 'record',
      name: 'Reading',
      fields: [
        { name: 'kelvin', type: ['null', 'double'], default: null },
        { name: 'name', aliases: ['device'], type: 'string' },
      ],
    } as const
    const file = avroFile(reading).encode(values.slice(0, 2))
    assert.deepEqual(
      [...avroFile(newer).decode(file)],
      [
        { kelvin: null, name: 'device-0' },
        { kelvin: null, name: 'device-1' },
      ],
    )
    const other = { type: 'record', name: 'Other', fields: [] } as const
    refuses(() => [...avroFile(other).decode(file)], /found record Reading at Reading of the writer's schema/)
  })

  it('gives the values before a broken block, then says which it is', () => {
    const file = Buffer.from(avroFile(reading).encode(values))
    const read: unknown[] = []
    refuses(() => {
      for (const value of readAvroFile(file.subarray(0, file.length - 20))) read.push(value)
    }, /^Cannot read the values of an Avro file, in block \d+ at byte \d+: found \d+ bytes left, expected \d+ bytes of values and a sync marker of 16$/)
    assert.ok(read.length > 10_000 && read.length < values.length)
    assert.deepEqual(read, values.slice(0, read.length))
  })

  it('refuses what is no file, and says why', () => {
    const file = Buffer.from(avroFile(reading).encode(values.slice(0, 3)))
    const changed = (at: number, ...bytes: readonly number[]): Buffer => {
      const copy = Buffer.from(file)
      copy.set(bytes, at < 0 ? copy.length + at : at)
      return copy
    }
    const read = (bytes: Uint8Array) => () => [...readAvroFile(bytes)]
    refuses(read(Buffer.alloc(0)), 'Cannot read an Avro file: found nothing, expected "Obj" and a 1')
    refuses(read(Buffer.from('PK')), 'Cannot read an Avro file: found the bytes 504b, expected "Obj" and a 1')
    refuses(read(file.subarray(0, 30)), /of an Avro file's header: found .* left/)
    refuses(
      read(changed(-1, file[file.length - 1] ^ 1)),
      /in block 1 at byte \d+: found the bytes [\da-f]{32} behind it, expected the file's sync marker/,
    )
    const length = file.length - 16 - 3 * 17
    refuses(
      read(changed(length - 2, 8)),
      /^Cannot read device of an Avro file, in block 1: found no bytes left, expected a long/,
    )
    refuses(
      read(changed(length - 2, 4)),
      /Cannot read the value of an Avro file, in block 1: found 17 bytes behind the last value, expected none/,
    )
    const codec = file.indexOf('avro.codec') + 'avro.codec'.length
    const xz = Buffer.concat([file.subarray(0, codec), Buffer.from('\x04xz', 'latin1'), file.subarray(codec + 5)])
    refuses(read(xz), /found the codec "xz", expected null, deflate, zstandard or snappy/)
    const bad = Buffer.from(file.toString('latin1').replace('"string"', '"strong"'), 'latin1')
    refuses(
      read(bad),
      /^Cannot read an Avro file: its schema cannot be used \(.*at Reading\.device: found the type "strong"/,
    )
  })

  it('refuses blocks that are cut in the marker, or claim values without end', () => {
    const file = Buffer.from(avroFile(reading).encode(values.slice(0, 3)))
    refuses(
      () => [...readAvroFile(file.subarray(0, -1))],
      /found 66 bytes left, expected 51 bytes of values and a sync marker of 16$/,
    )
    const nulls = Buffer.from(avroFile('null').encode([null, null]))
    assert.deepEqual([...readAvroFile(nulls)], [null, null])
    const block = nulls.length - 18
    assert.equal(nulls[block], 4)
    const endless = Buffer.concat([
      nulls.subarray(0, block),
      Buffer.from('8080808080808001', 'hex'),
      nulls.subarray(block + 1),
    ])
    refuses(() => [...readAvroFile(endless)], /found a block of \d+ values, expected at most 65536/)
    const many = new Array(70_000).fill(null)
    assert.deepEqual([...readAvroFile(avroFile('null').encode(many))], many)
  })

  it('reads snappy, and refuses what is none', () => {
    const { file, values: expected } = vectors.files.filter(({ codec }) => codec === 'snappy')[2]
    const bytes = Buffer.from(file, 'base64')
    assert.deepEqual([...readAvroFile(bytes)], expected.map(fromVector))
    const wrong = (data: string, reason: string) => {
      const given = Buffer.from(data, 'hex')
      assert.throws(() => snappyDecompress(given, 100), { name: RangeError.name, message: reason })
    }
    // Three letters, then six that are copied from three before, and the checksum.
    assert.equal(snappyDecompress(Buffer.from('09086162630903462d4818', 'hex'), 100).toString(), 'abcabcabc')
    wrong('', 'it has no length')
    wrong('80808080808000000000', 'it has no length')
    wrong(`e807${'00'.repeat(4)}`, 'it would be 1000 bytes')
    wrong('030861620000000000', 'its checksum is wrong')
    wrong('04086162000000000000', 'it ends too early')
    wrong('050061010400000000', 'it copies from 4 bytes before, of 1')
    wrong('050061010000000000', 'it copies from 0 bytes before, of 1')
    wrong('0500610100000000', 'it ends too early')
    wrong('03006100000000', 'it is shorter than it says')
    wrong('010461620000000000', 'it is longer than it says')
  })

  it('refuses options that are wrong', () => {
    assert.throws(() => avroFile(reading, { codec: JSON.parse('"snappy"') }), ConfigurationError)
    assert.throws(() => avroFile(reading, { metadata: { 'avro.schema': 'x' } }), ConfigurationError)
  })
})

function refuses(run: () => unknown, message: string | RegExp): void {
  assert.throws(run, { name: MalformedRecordError.name, message })
}
