import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parse } from 'csv-parse/sync'
import { CsvRowReader, type RowTaker } from '../../../shared/codecs/files/csv-row-reader.ts'
import { longestLineBytes } from '../../../shared/codecs/files/line-reader.ts'
import { Random } from '../random.ts'

type Taken = readonly [kind: 'row' | 'too long' | 'unclosed', text: string | number, lines: number]

const comma = ','.charCodeAt(0)

const takerOf = (rows: Taken[]): RowTaker => ({
  line: (bytes, start, end, lines) => rows.push(['row', bytes.toString('utf8', start, end), lines]),
  tooLong: (_head, length, lines) => rows.push(['too long', length, lines]),
  unclosed: (row, lines) => rows.push(['unclosed', row.toString('utf8', 0, 100), lines]),
})

/** What a reader makes of blocks. */
function taken(blocks: Iterable<Buffer>, delimiter = ','): Taken[] {
  const rows: Taken[] = []
  const reader = new CsvRowReader(takerOf(rows), delimiter.charCodeAt(0), true)
  for (const block of blocks) reader.block(block)
  reader.finish()
  return rows
}

const textTaken = (text: string) => taken([Buffer.from(text)])

/** The same bytes in pieces of random length. */
function* cut(bytes: Buffer, random: Random): Generator<Buffer> {
  for (let at = 0; at < bytes.length; ) {
    const end = at + 1 + random.below(7)
    yield Buffer.from(bytes.subarray(at, end))
    at = end
  }
}

test('a line break within quotes is a part of its row, and counts as a line', () => {
  assert.deepEqual(textTaken('a,"b\nc",d\r\n"e\r\n\r\nf"\r\ng\n'), [
    ['row', 'a,"b\nc",d', 2],
    ['row', '"e\r\n\r\nf"', 3],
    ['row', 'g', 1],
  ])
  assert.deepEqual(textTaken('\ufeff"a\n""b"""\n\nlast'), [
    ['row', '"a\n""b"""', 2],
    ['row', '', 1],
    ['row', 'last', 1],
  ])
})

test('a quote that does not begin a column opens nothing', () => {
  assert.deepEqual(textTaken('a"b\n5" x,2\n "c\n"d"e"\nf\n'), [
    ['row', 'a"b', 1],
    ['row', '5" x,2', 1],
    ['row', ' "c', 1],
    ['row', '"d"e"', 1],
    ['row', 'f', 1],
  ])
})

test('a quote that is open at the end gives up its line, and those behind it are rows', () => {
  assert.deepEqual(textTaken('1,2\n3,"4\n5,6\n7,8'), [
    ['row', '1,2', 1],
    ['unclosed', '3,"4', 1],
    ['row', '5,6', 1],
    ['row', '7,8', 1],
  ])
  // The row began a line before the quote that stays open.
  assert.deepEqual(textTaken('1,"2\n3","4\r\n5\n'), [
    ['unclosed', '1,"2\n3","4', 2],
    ['row', '5', 1],
  ])
  // Wrong quotes of one line open the next one of another.
  assert.deepEqual(textTaken('"a\n"b"c,"d\ne\n""f\n'), [
    ['unclosed', '"a\n"b"c,"d', 2],
    ['row', 'e', 1],
    ['row', '""f', 1],
  ])
  assert.deepEqual(textTaken('"'), [['unclosed', '"', 1]])
  assert.deepEqual(textTaken('"\n'), [['unclosed', '"', 1]])
})

test('in any pieces the same comes out', () => {
  const random = new Random(1)
  for (let round = 0; round < 3_000; round++) {
    const characters = ['"', '"', ',', '\n', '\r\n', 'a', 'ö', '""', '\r']
    const text = Array.from({ length: random.below(30) }, () => random.pick(characters)).join('')
    const bytes = Buffer.from(text)
    assert.deepEqual([...taken(cut(bytes, random))], taken([bytes]), JSON.stringify(text))
    assert.equal(
      taken([bytes]).reduce((sum, [, , lines]) => sum + lines, 0),
      text.split('\n').length - (text === '' || text.endsWith('\n') ? 1 : 0),
      JSON.stringify(text),
    )
  }
})

test('rows are those that csv-parse finds', () => {
  const random = new Random(2)
  const texts = ['', 'a', 'b c', 'x"y', 'l1\nl2', 'l1\r\nl2', '\n', 'k;l', 'm,n', '"', '""', 'ö😀']
  for (let round = 0; round < 500; round++) {
    const delimiter = random.below(2) === 0 ? ',' : ';'
    const rows = Array.from({ length: 1 + random.below(6) }, () =>
      Array.from({ length: 2 + random.below(3) }, () => random.pick(texts)),
    )
    const quoted = (text: string) =>
      /[",;\r\n]/.test(text) || random.below(3) === 0 ? `"${text.replaceAll('"', '""')}"` : text
    const ends = ['\n', '\r\n']
    const end = random.pick(ends)
    const text = rows.map(row => row.map(quoted).join(delimiter) + end).join('')
    const options = { delimiter, relax_column_count: true, record_delimiter: ends }
    const found = taken(cut(Buffer.from(text), random), delimiter)
    assert.deepEqual(
      found.map(([kind, row]) => (kind === 'row' ? parse(String(row), options)[0] : kind)),
      parse(text, options),
    )
    assert.deepEqual(parse(text, options), rows)
  }
})

test('a quote that nothing closes is given up after a record, however much follows', () => {
  const block = Buffer.from('1,2\n'.repeat(64 * 1024))
  let given = 0
  function* endless(): Generator<Buffer> {
    yield Buffer.from('0,"\n')
    for (; given < 8; given++) yield block
  }
  const rows = taken(endless())
  assert.deepEqual(rows.slice(0, 3), [
    ['unclosed', '0,"', 1],
    ['row', '1,2', 1],
    ['row', '1,2', 1],
  ])
  assert.equal(rows.length, 1 + 8 * 64 * 1024)
})

test('a quote that nothing closes is told of while the rest is not read', () => {
  let blocks = 0
  const told = () => assert.ok(blocks < 6, `${blocks} blocks of 256 KiB`)
  let isTold = false
  const reader = new CsvRowReader(
    {
      line: () => undefined,
      tooLong: () => assert.fail(),
      unclosed: () => {
        told()
        isTold = true
      },
    },
    comma,
    true,
  )
  reader.block(Buffer.from('"'))
  for (; blocks < 12; blocks++) reader.block(Buffer.from('some words of a text\n'.repeat(12_483)))
  assert.ok(isTold)
})

test('lines that are all open at their ends are read in a time that grows with the file alone', () => {
  const line = '"x"y,"z\n'
  const began = performance.now()
  const rows = taken(Array.from({ length: 64 }, () => Buffer.from(line.repeat(8 * 1024))))
  assert.ok(rows.every(([kind]) => kind === 'unclosed'))
  assert.equal(
    rows.reduce((sum, [, , lines]) => sum + lines, 0),
    64 * 8 * 1024,
  )
  assert.ok(performance.now() - began < 20_000)
})

test('a row that no record holds is told of with its length, whether it has line breaks or not', () => {
  const long = longestLineBytes
  const blocksOf = (text: string) => {
    const bytes = Buffer.from(text)
    return Array.from({ length: Math.ceil(bytes.length / 65_536) }, (_, i) =>
      bytes.subarray(i * 65_536, (i + 1) * 65_536),
    )
  }
  const cases: readonly (readonly [text: string, expected: readonly Taken[]])[] = [
    [
      `${'x'.repeat(long)}\r\na\n`,
      [
        ['row', 'x'.repeat(long), 1],
        ['row', 'a', 1],
      ],
    ],
    [
      `${'x'.repeat(long + 1)}\na\n`,
      [
        ['too long', long + 1, 1],
        ['row', 'a', 1],
      ],
    ],
    [
      `"${'x'.repeat(3 * long)}"\na\n`,
      [
        ['too long', 3 * long + 2, 1],
        ['row', 'a', 1],
      ],
    ],
    [
      `"a\nb${'x'.repeat(long - 4)}"\na\n`,
      [
        ['too long', long + 1, 2],
        ['row', 'a', 1],
      ],
    ],
    // The line alone is more than a record: it is not looked into.
    [
      `0,"a\nb",${'x'.repeat(3 * long)}\na\n`,
      [
        ['unclosed', '0,"a', 1],
        ['too long', 3 * long + 3, 1],
        ['row', 'a', 1],
      ],
    ],
    [
      `${'x'.repeat(3 * long)},"\na\n`,
      [
        ['too long', 3 * long + 2, 1],
        ['row', 'a', 1],
      ],
    ],
    // A row that is too long already when its last quote opens.
    [
      `"\n",${'x'.repeat(long)},"\na\n`,
      [
        ['unclosed', '"', 1],
        ['too long', long + 4, 1],
        ['row', 'a', 1],
      ],
    ],
    [
      `"${'x'.repeat(long / 2)}\n${'x'.repeat(long / 2)}","\na\n`,
      [
        ['too long', long + 5, 2],
        ['row', 'a', 1],
      ],
    ],
  ]
  for (const [text, expected] of cases) {
    assert.deepEqual(taken(blocksOf(text)), expected)
    assert.deepEqual(taken([Buffer.from(text)]), expected)
  }
})

test('reading goes on where rows were consumed, with the same rows', () => {
  const random = new Random(3)
  for (let round = 0; round < 2_000; round++) {
    const characters = ['"', '"', ',', '\n', '\r\n', 'a', 'ö', '""', '\r']
    const start = random.pick(['', '\ufeff'])
    const text = start + Array.from({ length: random.below(30) }, () => random.pick(characters)).join('')
    const bytes = Buffer.from(text)
    const parts: Taken[] = []
    let consumed = 0
    // Reads a block or two, and is left.
    for (let left = 0; consumed < bytes.length; left++) {
      const size = 3 + left
      const reader = new CsvRowReader(takerOf(parts), comma, consumed === 0)
      const isLast = consumed + size >= bytes.length
      reader.block(Buffer.from(bytes.subarray(consumed, consumed + size)))
      if (isLast) reader.finish()
      consumed += reader.consumed
      if (isLast) break
    }
    assert.equal(consumed, bytes.length)
    assert.deepEqual(parts, taken([bytes]), JSON.stringify(text))
  }
})

test('rows of about the size of a record are the same in blocks of any size', () => {
  const long = longestLineBytes
  const texts = [
    `"a\n${'x'.repeat(long - 6)}"\nb\n`,
    `"a\n${'x'.repeat(long - 4)}"\nb\n`,
    `"a\n${'x'.repeat(2 * long)}"\nb,"\nc"\n`,
    `"${'a\n'.repeat(long / 2 - 1)}"\nb\n`,
    `"${'a\n'.repeat(long / 2)}"\nb\n`,
    `"a\n"${',"a""\r\n"'.repeat(long / 8)},"\nb"\n`,
  ]
  for (const text of texts) {
    const bytes = Buffer.from(text)
    const [first, ...others] = [bytes.length, 1024 * 1024, 100_003].map(size =>
      taken(Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) => bytes.subarray(i * size, (i + 1) * size))),
    )
    for (const other of others) assert.deepEqual(other, first)
    assert.equal(
      first.reduce((sum, [, , lines]) => sum + lines, 0),
      text.split('\n').length - 1,
    )
  }
})
