import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { column, parquet } from 'millrace/files'
import { served } from '../../local/cli/feeding.ts'
import { FileInput } from '../../local/input/file-input.ts'
import { type InputKind, inputsFor } from '../../local/input/inputs.ts'
import { csv, files, int, json, pipeline, text, utf8 } from '../../shared/index.ts'
import { Kept } from './kept.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'folder-input-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const format = parquet({ id: column.int, shop: column.text })
const program = pipeline('program', ({ source }) => {
  const lines = source('lines', {
    codec: csv({ id: int, shop: text }, { header: true }),
    from: files({ folder: 'none' }),
  })
  const rows = source('rows', { codec: json<{ id: number; shop: string }>(), from: files({ folder: 'none', format }) })
  const others = source('others', { codec: utf8 })
  return {
    lines: lines.keyBy('shop').count('all'),
    rows: rows.keyBy('row', row => row.shop).count('all-rows'),
    others: others.keyBy('other', line => line).count('all-others'),
  }
})

const inputOf = async (source: string, path: string, kept: Kept, kind: InputKind = { kind: 'bounded' }) => {
  const inputs = await inputsFor(kept, program.plan, new Map([[source, path]]), kind)
  const input = inputs.find(each => each.source === source)
  assert.ok(input !== undefined)
  return input
}

const put = (name: string, content: string | Uint8Array): void => writeFileSync(join(folder, name), content)
const noHurry = async (): Promise<void> => {}
const never = new AbortController().signal

test('files of a folder, begun, left and gone on with at each block, are loaded once, in order, with their lines', async () => {
  mkdirSync(join(folder, 'b'))
  const rows = (from: number) => Array.from({ length: 40 }, (_, i) => `${from + i},Mitte`)
  put('a.csv', `id,shop\n${rows(0).join('\n')}\n`)
  put('b/1.csv.gz', gzipSync(`id,shop\n${rows(100).join('\n')}`))
  put('b/2.csv', 'shop,id\nMitte,7\nbroken\n')
  put('.hidden', 'none')
  const kept = new Kept()
  for (let begun = 0; begun < 20 && !kept.isEnded; begun++) {
    const stop = new AbortController()
    const input = await inputOf('lines', folder, kept)
    assert.ok((await input.prepare()) > 0)
    let blocks = 0
    await input.load(async () => {
      if (++blocks === 3) stop.abort()
    }, stop.signal)
    if (kept.isEnded) assert.deepEqual(input.counts, { lines: 81, tooLong: 1 })
  }
  assert.deepEqual(kept.lines, [
    ...rows(0).map((row, i) => `a.csv:${i + 2} ${row}`),
    ...rows(100).map((row, i) => `b/1.csv.gz:${i + 2} ${row}`),
    'b/2.csv:2 7,Mitte',
  ])
  assert.deepEqual(kept.letters, ['b/2.csv:3 Cannot read the line: found 1 column, expected 2 as in the header'])
  put('c.csv', 'id,shop\n1,Mitte\n')
  await assert.rejects((await inputOf('lines', folder, kept)).prepare(), {
    name: 'InputError',
    message: `Cannot go on with input "lines": folder "${folder}" has new files and the input has ended, use another folder`,
  })
})

test('a file of a format is an input too, and its values are records as the codec has them', async () => {
  put(
    '1.parquet',
    format.encode([
      { id: 1, shop: 'a' },
      { id: 2, shop: 'b' },
    ]),
  )
  put('2.parquet', format.encode([{ id: 3, shop: 'c' }]))
  const kept = new Kept()
  const input = await inputOf('rows', join(folder, '1.parquet'), kept)
  await input.prepare()
  await input.load(noHurry, never)
  assert.deepEqual(kept.lines, ['1.parquet:1 {"id":1,"shop":"a"}', '1.parquet:2 {"id":2,"shop":"b"}'])
  assert.equal(kept.isEnded, true)
})

test('a folder for a source of a stream, and a file for a source of files', async () => {
  put('1.txt', 'a\nb\n')
  put('2.txt', 'c')
  const all = new Kept()
  const input = await inputOf('others', folder, all)
  await input.prepare()
  await input.load(noHurry, never)
  assert.deepEqual(all.lines, ['1.txt:1 a', '1.txt:2 b', '2.txt:1 c'])
  put('1.csv', 'id,shop\n1,a\n')
  assert.ok((await inputOf('lines', join(folder, '1.csv'), new Kept())) instanceof FileInput)
})

test('served, new files are loaded as they come, one that is being copied when it is there, and the input goes on', async () => {
  const kept = new Kept()
  put('1.csv', 'id,shop\n1,a\n')
  const stop = new AbortController()
  const input = await inputOf('lines', folder, kept, served)
  await input.prepare()
  const loading = input.load(noHurry, stop.signal)
  const until = async (lines: number): Promise<void> => {
    for (let tries = 0; kept.lines.length < lines && tries < 100; tries++) await sleep(100)
  }
  await until(1)
  for (let id = 2; id < 10; id++) {
    put('2.csv', `id,shop\n${Array.from({ length: id }, (_, i) => `${i},b\n`).join('')}`)
    await sleep(200)
  }
  put('unfinished', 'id,shop\n77,z\n')
  renameSync(join(folder, 'unfinished'), join(folder, '3.csv'))
  await until(11)
  stop.abort()
  await loading
  assert.deepEqual(kept.lines, [
    '1.csv:2 1,a',
    ...Array.from({ length: 9 }, (_, i) => `2.csv:${i + 2} ${i},b`),
    '3.csv:2 77,z',
  ])
  assert.equal(kept.isEnded, false)
})

test('a folder that is not there, one in place of a file, and a file that changed say what to do', async () => {
  const missing = pipeline('missing', ({ source }) => {
    const lines = source('lines', { codec: csv({ id: int }), from: files({ folder: 'no-such-folder' }) })
    return { all: lines.keyBy('id').count('all') }
  })
  const [none] = await inputsFor(new Kept(), missing.plan, new Map(), { kind: 'bounded' })
  await assert.rejects(none.prepare(), {
    name: 'InputError',
    message: 'Cannot read input "lines" from folder "no-such-folder": there is no such folder, make it',
  })

  const kept = new Kept()
  put('1.csv', 'id,shop\n1,a\n')
  const file = await inputOf('lines', join(folder, '1.csv'), kept)
  await file.prepare()
  await file.load(noHurry, never)
  await assert.rejects((await inputOf('lines', folder, kept)).prepare(), {
    name: 'InputError',
    message: 'Cannot go on with input "lines": it was begun with a file and is now a folder, use another folder',
  })

  const changing = new Kept()
  const input = await inputOf('lines', folder, changing)
  await input.prepare()
  const loading = input.load(async () => put('1.csv', 'id,shop\n1,a\n2,b\n'), never)
  await assert.rejects(loading, {
    name: 'StopDeploymentError',
    message: /^Cannot go on with file "1.csv" of source "lines": it changed/,
  })
})
