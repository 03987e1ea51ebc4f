import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Codec } from '../../shared/codecs/codec.ts'
import { csv } from '../../shared/codecs/csv.ts'
import type { Field } from '../../shared/codecs/csv-field.ts'
import { bool, float, int, oneOf, optional, text } from '../../shared/codecs/csv-fields.ts'
import { timestamp } from '../../shared/codecs/csv-timestamp.ts'
import { MalformedRecordError } from '../../shared/model/errors.ts'
import { Random } from './random.ts'

/**
 * Checked here, with seeds: what is written reads back equal; the fast way and the slow way read the same or refuse with the same
 * message; nothing but a MalformedRecordError comes out of any bytes. Not checked: that the slow way is right (csv.test.ts does).
 */
const fields = {
  time: timestamp('yyyy-MM-dd HH:mm:ss.SSS'),
  count: int,
  name: text,
  price: float,
  side: oneOf('B', 'S', 'a,b'),
  on: bool,
  note: optional(text),
  rank: optional(int),
}

const slowOf = <T>({ fast: _, ...field }: Field<T>): Field<T> => field

const slowFields = {
  time: slowOf(fields.time),
  count: slowOf(fields.count),
  name: slowOf(fields.name),
  price: slowOf(fields.price),
  side: slowOf(fields.side),
  on: slowOf(fields.on),
  note: slowOf(fields.note),
  rank: slowOf(fields.rank),
}

const delimiters = [',', ';', '\t', ' ', ':']
const alphabet = [...'aZ09 ,;\t:"\r\n.-+eé東😀\ufeff\ufffd\u0001']

function randomRow(random: Random) {
  const doubles = [-0, 0, Number.MIN_VALUE, Number.MAX_VALUE, Number.EPSILON, 1e21, 1e-7, 2 ** 53, 0.1]
  return {
    time: random.between(-62_167_219_200, 253_402_300_799) * 1000 + random.below(1000),
    count: random.pick([
      0,
      -1,
      Number.MAX_SAFE_INTEGER,
      Number.MIN_SAFE_INTEGER,
      random.below(2 ** 32),
      random.below(100),
    ]),
    name: random.textOf(alphabet, 12),
    price: random.pick([...doubles, random.fraction(), -random.fraction() * 1e9, random.below(100_000) / 100]),
    side: random.pick(['B', 'S', 'a,b'] as const),
    on: random.pick([true, false]),
    note: random.pick([undefined, random.textOf(alphabet, 30)]),
    rank: random.pick([undefined, random.below(10)]),
  }
}

/** The value or the message, with the line between others that must not be seen. */
function outcome<T>(codec: Codec<T>, line: Uint8Array): T | string {
  const bytes = Buffer.concat([Buffer.from('"'), line, Buffer.from('",1"')])
  try {
    return codec.decode(bytes, 1, 1 + line.length)
  } catch (error) {
    if (!(error instanceof MalformedRecordError)) throw error
    return error.message
  }
}

for (const [seed, delimiter] of delimiters.entries()) {
  const codec = csv(fields, { delimiter })
  const slow = csv(slowFields, { delimiter })

  describe(`csv() with delimiter ${JSON.stringify(delimiter)}`, () => {
    it('reads back what it wrote, for 4,000 random rows', () => {
      const random = new Random(seed)
      for (let i = 0; i < 4_000; i++) {
        const row = randomRow(random)
        const line = codec.encode(row)
        assert.deepEqual(codec.decode(line, 0, line.length), row)
        assert.deepEqual(slow.decode(line, 0, line.length), row)
      }
    })

    it('reads alike the fast way and the slow way, for 10,000 lines with random damage', () => {
      const random = new Random(100 + seed)
      for (let i = 0; i < 10_000; i++) {
        const bytes = Buffer.from(codec.encode(randomRow(random)))
        for (let hits = random.below(4); hits > 0; hits--) {
          const at = random.below(bytes.length)
          bytes[at] = random.pick([random.below(256), 0x22, 0, 0x0a, 0x0d, 0x30, 0x2e, 0xff, delimiter.charCodeAt(0)])
        }
        const cut = bytes.subarray(0, random.pick([bytes.length, bytes.length, random.below(bytes.length)]))
        assert.deepEqual(outcome(codec, cut), outcome(slow, cut))
      }
    })

    it('refuses 10,000 random byte strings with nothing but a MalformedRecordError', () => {
      const random = new Random(200 + seed)
      const few = [0x22, 0x22, 0x31, 0x61, 0x2e, 0x0a, 0x0d, 0, 0xc3, 0xa9, delimiter.charCodeAt(0)]
      const narrow = csv({ a: text, b: optional(text), c: optional(float) }, { delimiter })
      const { a, b, c } = { a: slowOf(text), b: slowOf(optional(text)), c: slowOf(optional(float)) }
      const narrowSlow = csv({ a, b, c }, { delimiter })
      for (let i = 0; i < 10_000; i++) {
        const length = random.below(40)
        const bytes = i % 2 === 0 ? random.bytes(length) : Buffer.from(Array.from({ length }, () => random.pick(few)))
        outcome(codec, bytes)
        assert.deepEqual(outcome(narrow, bytes), outcome(narrowSlow, bytes))
      }
    })
  })
}

it('csv() reads a megabyte of quotes, delimiters or garbage in a moment', { timeout: 10_000 }, () => {
  const codec = csv(fields)
  for (const part of ['"', ',', '""', '",', '"a"b,', 'x', '\0', '\u00ff', '1']) {
    const bytes = Buffer.from(part.repeat(1_000_000 / part.length), 'latin1')
    assert.match(String(outcome(codec, bytes)), /^Cannot read /)
  }
})
