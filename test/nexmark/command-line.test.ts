import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { documentOf, printed, refused, temporaryFolder } from '../cli/command.ts'
import { NexmarkOracle } from './oracle.ts'
import { fileOf } from './run-query.ts'
import { assertSameRows, type Row } from './same-rows.ts'

const folder = temporaryFolder()
const names = ['person', 'auction', 'bid']
const files = (of: string): string[] => names.map(name => readFileSync(join(of, `${name}.jsonl`), 'utf8'))
const linesOf = (text: string): string[] => text.trimEnd().split('\n')

describe('millrace generate nexmark', () => {
  test('writes the same events for a seed, one person to three auctions to 46 bids', async () => {
    const [one, again, other] = ['one', 'again', 'other'].map(name => join(folder, name))
    const said = await printed(['generate', 'nexmark', '--events', '5000', '--seed', '7', '--out', one])
    assert.match(said, /^Wrote 5,000 events, 1\.\d+ MB, to .+person\.jsonl, .+auction\.jsonl, .+bid\.jsonl\n$/)
    await printed(['generate', 'nexmark', '--events', '5000', '--seed', '7', '--out', again])
    await printed(['generate', 'nexmark', '--events', '5000', '--seed', '8', '--out', other])
    assert.deepEqual(
      files(one).map(text => linesOf(text).length),
      [100, 300, 4_600],
    )
    assert.deepEqual(files(again), files(one))
    assert.notDeepEqual(files(other), files(one))
  })

  test('--out-of-order changes the order of events alone, within its bound', async () => {
    const out = join(folder, 'disorder')
    const options = ['--events', '5000', '--seed', '7', '--out-of-order', '4s']
    await printed(['generate', 'nexmark', ...options, '--out', out])
    const inOrder = files(join(folder, 'one'))
    for (const [i, text] of files(out).entries()) {
      assert.deepEqual(linesOf(text).toSorted(), linesOf(inOrder[i]).toSorted())
      let newest = Number.NEGATIVE_INFINITY
      let most = 0
      for (const line of linesOf(text)) {
        const { dateTime }: { dateTime: string } = JSON.parse(line)
        newest = Math.max(newest, Date.parse(dateTime))
        most = Math.max(most, newest - Date.parse(dateTime))
      }
      assert.ok(most > 1_000 && most < 4_000, `${names[i]}: ${most} ms`)
    }
  })

  test('refuses what it cannot do with a sentence', async () => {
    const one = join(folder, 'one')
    await refused(
      ['generate', 'nexmark', '--out', one],
      2,
      /^Cannot generate ".+person\.jsonl": there is such a file already, overwrite it with --force or name another folder /,
    )
    await refused(
      ['generate', 'nexmark', '--events', 'many'],
      2,
      'Cannot read --events "many": expected a whole number from 1 to 1000000000',
    )
    await refused(
      ['generate', 'nexmark', '--out-of-order', '4'],
      2,
      'Cannot read --out-of-order "4": expected a time of at most 24 h, as in 4s, 500ms or 1m',
    )
    const file = join(one, 'bid.jsonl')
    await refused(
      ['generate', 'nexmark', '--out', file, '--force'],
      1,
      `Cannot write "${file}": it is a file, name another folder with --out`,
    )
  })
})

describe('millrace run', () => {
  for (const [query, sources, place] of [
    ['q6', ['auction', 'bid'], 'streams'],
    ['q17', ['bid'], 'views'],
  ] as const) {
    test(`prints the rows of ${query} under "${place}"`, async () => {
      const data = join(folder, 'disorder')
      const inputs = sources.flatMap(name => ['--input', `${name}=${join(data, `${name}.jsonl`)}`])
      const document = await documentOf(['run', fileOf(query), ...inputs, '--json'])
      const other = place === 'views' ? 'streams' : 'views'
      assert.deepEqual(document[other], {})
      assert.deepEqual(Object.keys(document[place]), ['result'])
      const oracle = await NexmarkOracle.open(data)
      const rows = document[place].result.map(({ value }) => value as Row)
      assertSameRows(rows, await oracle.answer(query))
      oracle.close()
    })
  }
})
