import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { csv } from '../../shared/codecs/csv.ts'
import { int, optional, text } from '../../shared/codecs/csv-fields.ts'
import { headerLayout, underHeader } from '../../shared/codecs/csv-header.ts'
import { utf8 } from '../../shared/codecs/text.ts'
import { MalformedRecordError } from '../../shared/model/errors.ts'
import { Random } from './random.ts'

describe('a header of CSV', () => {
  it('is known to codecs that were told of it', () => {
    assert.equal(headerLayout(utf8), undefined)
    assert.equal(headerLayout(csv({ id: int })), undefined)
    assert.deepEqual(headerLayout(csv({ id: int, b: text }, { header: true, delimiter: ';' })), {
      columns: ['id', 'b'],
      delimiter: 0x3b,
      header: true,
      otherColumns: 'refuse',
    })
  })

  it('takes lines with their line breaks', () => {
    const layout = headerLayout(csv({ a: int, b: text }, { header: true }))
    assert.ok(layout !== undefined)
    const header = Buffer.from('b,a\r\n')
    const line = Buffer.from('"x\ny",1\r\n')
    const arranged = underHeader(layout, header, 0, header.length)(line, 0, line.length)
    assert.equal(arranged.toString(), '1,"x\ny"')
  })

  it('puts the columns of 3,000 random lines in the order of the codec', () => {
    const random = new Random(5)
    const fields = { a: text, b: optional(text), c: int, d: text }
    const codec = csv(fields, { header: true, otherColumns: 'ignore' })
    const alphabet = [...'ab,"\n\r é']
    for (let i = 0; i < 3_000; i++) {
      const others = random.pick([[], ['x'], ['x', 'y']])
      const names = [...Object.keys(fields), ...others].sort(() => random.fraction() - 0.5)
      const texts = { a: random.textOf(alphabet, 6), b: random.textOf(alphabet, 6), d: random.textOf(alphabet, 6) }
      const row = { ...texts, c: random.below(1000), x: random.textOf(alphabet, 6), y: random.textOf(alphabet, 6) }
      // Written by a codec whose columns have the order of the file.
      const columns = Object.fromEntries(names.map(name => [name, name === 'c' ? int : text]))
      const line = Buffer.concat([
        Buffer.from('"'),
        csv<Record<string, typeof text>>(columns as never).encode(row as never),
      ])
      const header = Buffer.from(names.map(name => random.pick([name, `"${name}"`])).join(','))
      const layout = headerLayout(codec)
      assert.ok(layout !== undefined)
      const arranged = underHeader(layout, header, 0, header.length)(line, 1, line.length)
      const { a, b, c, d } = codec.decode(arranged, 0, arranged.length)
      assert.deepEqual({ a, c, d }, { a: row.a, c: row.c, d: row.d })
      assert.equal(b ?? '', row.b)
    }
  })

  it('is read from any bytes, or is malformed', () => {
    const random = new Random(6)
    const layout = headerLayout(csv({ a: int, b: text }, { header: true, otherColumns: 'ignore' }))
    assert.ok(layout !== undefined)
    for (let i = 0; i < 10_000; i++) {
      const bytes = Buffer.from(random.textOf([...'ab,"\n\xff\0'], 8), 'latin1')
      try {
        underHeader(layout, bytes, 0, bytes.length)(bytes, 0, bytes.length)
      } catch (error) {
        assert.ok(error instanceof MalformedRecordError, String(error))
      }
    }
  })
})
