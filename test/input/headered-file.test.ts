import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { FileInput } from '../../local/input/file-input.ts'
import { csv, int, pipeline, text } from '../../shared/index.ts'
import { Kept } from './kept.ts'

const folder = mkdtempSync(join(tmpdir(), 'headered-'))
after(() => rmSync(folder, { recursive: true }))

const sales = pipeline('sales', ({ source }) => {
  const lines = source('lines', { codec: csv({ id: int, shop: text }, { header: true, otherColumns: 'ignore' }) })
  return { all: lines.keyBy('shop').count('all') }
})

test('a file with a header that is begun, left and gone on with is read once, by the names, with its line numbers', async () => {
  const path = join(folder, 'a.csv')
  const rows = Array.from({ length: 20 }, (_, i) => (i === 13 ? 'broken' : `note ${i},Mitte,${i}`))
  writeFileSync(path, `note,shop,id\n${rows.join('\n')}\n`)
  const kept = new Kept()
  let blocks = 0
  for (let begun = 0; begun < 6; begun++) {
    const stop = new AbortController()
    const input = new FileInput(kept, sales.plan, 'lines', path)
    await input.prepare()
    await input.load(async () => {
      if (++blocks % 5 === 0) stop.abort()
    }, stop.signal)
    assert.ok(begun < 5 || input.counts.lines === 19)
  }
  const expected = rows.flatMap((_, i) => (i === 13 ? [] : [`a.csv:${i + 2} ${i},Mitte`]))
  assert.deepEqual(kept.lines, expected)
  assert.deepEqual(kept.letters, ['a.csv:15 Cannot read the line: found 1 column, expected 3 as in the header'])
})
