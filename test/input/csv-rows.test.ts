import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { after, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { inputsFor } from '../../local/input/inputs.ts'
import { longestLineBytes } from '../../shared/codecs/files/line-reader.ts'
import { csv, files, int, type Pipeline, pipeline, text, utf8 } from '../../shared/index.ts'
import { Kept } from './kept.ts'

const folder = mkdtempSync(join(tmpdir(), 'csv-rows-'))
after(() => rmSync(folder, { recursive: true }))

const notes = (header: boolean) =>
  pipeline('notes', ({ source }) => {
    const codec = csv({ id: int, note: text }, { header, otherColumns: 'ignore' })
    const rows = source('rows', { codec, from: files({ folder: 'none' }) })
    return { all: rows.keyBy('id').count('all') }
  })

/** What is kept of a file that is left again and again, each time after another number of blocks. */
async function loaded(program: Pipeline, path: string, content: string, kept = new Kept()): Promise<Kept> {
  writeFileSync(path, content)
  for (let begun = 0; begun < 100 && !kept.isEnded; begun++) {
    const stop = new AbortController()
    const [input] = await inputsFor(kept, program.plan, new Map([['rows', path]]), { kind: 'bounded' })
    await input.prepare()
    let blocks = 0
    await input.load(async () => {
      if (++blocks > begun % 11) stop.abort()
    }, stop.signal)
  }
  return kept
}

const many = Array.from({ length: 6 }, (_, i) => `${i},"line ${i}\r\n""quoted"", and\n\nmore"\n${i},one\n`).join('')
const expected = (file: string, firstLine: number) =>
  Array.from({ length: 6 }, (_, i) => [
    `${file}:${firstLine + i * 5} ${i},"line ${i}\r\n""quoted"", and\n\nmore"`,
    `${file}:${firstLine + i * 5 + 4} ${i},one`,
  ]).flat()

test('a row of CSV that takes several lines is one record at its first line, when it is left and gone on with, too', async () => {
  for (const bytes of [16, 17, 61]) {
    const plain = await loaded(notes(false), join(folder, 'plain.csv'), `\ufeff${many}`, new Kept(bytes))
    assert.deepEqual(plain.lines, expected('plain.csv', 1))
    const headed = await loaded(notes(true), join(folder, 'headed.csv'), `\ufeffid,note\n${many}`, new Kept(bytes))
    assert.deepEqual(headed.lines, expected('headed.csv', 2))
    assert.deepEqual([...plain.letters, ...headed.letters], [])
  }
})

test('a header of several lines names columns, and lines are counted on behind it', async () => {
  const content = 'note,"x\r\ny",id\r\n"a\nb",,1\r\n"c\nd",2\r\ne,,3\r\n'
  const kept = await loaded(notes(true), join(folder, 'names.csv'), content)
  assert.deepEqual(kept.lines, ['names.csv:3 1,"a\nb"', 'names.csv:7 3,e'])
  assert.deepEqual(kept.letters, ['names.csv:5 Cannot read the line: found 2 columns, expected 3 as in the header'])
})

test('a quote that is never closed is left to the codec with its line alone', async () => {
  const content = 'id,note\n1,"a\nb"\n2,"open\n3,c\n4,"d\ne","open too\n5,f\n'
  const kept = await loaded(notes(true), join(folder, 'open.csv'), content)
  assert.deepEqual(kept.lines, [
    'open.csv:2 1,"a\nb"',
    // It is closed by the quote that the fifth row opens.
    'open.csv:4 2,"open\n3,c\n4,"d',
    'open.csv:7 e","open too',
    'open.csv:8 5,f',
  ])
  const last = await loaded(notes(true), join(folder, 'last.csv'), 'id,note\n1,"a\n2","b\n3,c\n4,d\n')
  // Its number is that of the line with the quote.
  assert.deepEqual(last.lines, ['last.csv:3 1,"a\n2","b', 'last.csv:4 3,c', 'last.csv:5 4,d'])
})

test('files of a folder have rows of several lines as well, compressed or not', async () => {
  const incoming = mkdtempSync(join(folder, 'incoming-'))
  writeFileSync(join(incoming, 'a.csv'), `id,note\n${many}`)
  writeFileSync(join(incoming, 'b.csv.gz'), gzipSync(`note,"more\nnames",id\r\n"x\ny",,7\r\n"x\ny\r\nz",,8\r\nz,,9`))
  const kept = new Kept()
  const [read] = await inputsFor(kept, notes(true).plan, new Map([['rows', incoming]]), { kind: 'bounded' })
  await read.prepare()
  await read.load(async () => {}, new AbortController().signal)
  assert.deepEqual(kept.lines, [
    ...expected('a.csv', 2),
    'b.csv.gz:3 7,"x\ny"',
    'b.csv.gz:5 8,"x\ny\r\nz"',
    'b.csv.gz:8 9,z',
  ])
  assert.deepEqual(kept.letters, [])
})

test('a row of several lines that no record holds is told of at its first line, and those behind it are read', async () => {
  const path = join(folder, 'long.csv')
  const long = `"\n${'x'.repeat(longestLineBytes - 3)}"`
  const content = `1,a\n2,${long}\n3,"b\nc"\n`
  const kept = await loaded(notes(false), path, content, new Kept(1024 * 1024))
  assert.deepEqual(kept.lines, [`${basename(path)}:1 1,a`, `${basename(path)}:4 3,"b\nc"`])
  const reason = `Cannot put the line into a record: it has ${longestLineBytes + 2} bytes, expected at most ${longestLineBytes}`
  assert.deepEqual(kept.letters, [`long.csv:2 ${reason}`])
})

test('a line of a codec that is no CSV ends with its line break, whatever quotes it has', async () => {
  const program = pipeline('words', ({ source }) => {
    const rows = source('rows', { codec: utf8 })
    return { all: rows.keyBy('word', word => word).count('all') }
  })
  const kept = await loaded(program, join(folder, 'words.txt'), 'a,"b\nc"\n"d')
  assert.deepEqual(kept.lines, ['words.txt:1 a,"b', 'words.txt:2 c"', 'words.txt:3 "d'])
})
