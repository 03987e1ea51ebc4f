import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { avro, avroFile, readAvroFile, readAvroFileHeader } from '../../../shared/codecs/avro/index.ts'
import { MalformedRecordError } from '../../../shared/model/errors.ts'
import { decode, readAs } from './reading.ts'
import { fromVector, vectors } from './vectors.ts'

const magic = Buffer.of(0xc3, 0x01)

/** Against what another implementation wrote, read and refused. */
describe('avro() and fastavro', () => {
  it('read the same values and write the same bytes', () => {
    for (const { schema, hex, value } of vectors.plain) {
      const codec = avro<unknown>(schema, { long: 'either' })
      const read = decode(codec, Buffer.from(hex, 'hex'))
      assert.deepEqual(read, fromVector(value), JSON.stringify(schema))
      assert.equal(Buffer.from(codec.encode(read)).toString('hex'), hex, JSON.stringify(schema))
    }
  })

  it('name schemas by the same fingerprints', () => {
    for (const { schema, hex, fingerprint, value } of vectors.plain) {
      const codec = avro<unknown>(schema, { long: 'either', framing: 'singleObject' })
      const expected = Buffer.concat([magic, Buffer.from(fingerprint, 'hex'), Buffer.from(hex, 'hex')])
      assert.deepEqual(Buffer.from(codec.encode(fromVector(value))), expected, JSON.stringify(schema))
    }
  })

  it('resolve schemas to the same values, and refuse the same', () => {
    let refused = 0
    for (const { writer, reader, hex, value, error } of vectors.pairs) {
      const read = () => readAs(writer, reader, Buffer.from(hex, 'hex'), 'either')
      const pair = JSON.stringify({ writer, reader })
      if (error === undefined && value !== undefined) assert.deepEqual(read(), fromVector(value), pair)
      else assert.throws(read, { name: MalformedRecordError.name }, `${pair}: ${error}`)
      if (error !== undefined) refused++
    }
    assert.ok(refused > 100 && refused < vectors.pairs.length - 200)
  })

  it('write container files that the other reads', () => {
    for (const { codec, schema, file, values } of vectors.files) {
      const bytes = Buffer.from(file, 'base64')
      const expected = values.map(fromVector)
      assert.deepEqual([...avroFile<unknown>(schema).decode(bytes)], expected)
      assert.deepEqual([...readAvroFile(bytes)], expected)
      const header = readAvroFileHeader(bytes)
      assert.equal(header.codec, codec)
      assert.equal(header.metadata['made.by'], 'fastavro')
    }
  })
})
