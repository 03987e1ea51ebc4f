import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { gzipSync } from 'node:zlib'
import { temporaryFolder } from '../cloud/clouds.ts'
import { printed, refused, startMillrace, wordCountFile } from './command.ts'

const index = JSON.stringify(pathToFileURL(join(import.meta.dirname, '../../shared/index.ts')).href)
const program = `
import { csv, files, int, pipeline, text } from ${index}
export const sales = pipeline('sales', ({ source }) => {
  const read = source('sales', { codec: csv({ shop: text, cents: int }, { header: true }), from: files({ folder: 'incoming' }) })
  return { totals: read.keyBy('shop').sum('totals', sale => sale.cents) }
})
`

/** A working directory with the program and an empty folder. */
function newPlace(): { readonly cwd: string; readonly put: (name: string, content: string | Uint8Array) => void } {
  const cwd = temporaryFolder()
  writeFileSync(join(cwd, 'sales.ts'), program)
  mkdirSync(join(cwd, 'incoming'))
  const put = (name: string, content: string | Uint8Array): void => {
    writeFileSync(join(cwd, 'unfinished'), content)
    renameSync(join(cwd, 'unfinished'), join(cwd, 'incoming', name))
  }
  return { cwd, put }
}

type Document = {
  readonly views: { readonly totals: readonly { readonly key: string; readonly value: number }[] }
  readonly deadLetters: number
}

const totalsOf = ({ views }: Document) => Object.fromEntries(views.totals.map(({ key, value }) => [key, value]))

test('run reads the files of a folder without being told, and goes on with a data folder only while it has not ended', async () => {
  const { cwd, put } = newPlace()
  put('1.csv', 'shop,cents\na,1\nb,2\n')
  put('2.csv.gz', gzipSync('cents,shop\n10,a\nnone,b\n'))
  put('_SUCCESS', '')
  const document: Document = JSON.parse(await printed(['run', 'sales.ts', '--data', 'data', '--json'], { cwd }))
  assert.deepEqual(totalsOf(document), { a: 11, b: 2 })
  assert.equal(document.deadLetters, 1)
  assert.match(
    await printed(['run', 'sales.ts', '--data', 'data'], { cwd }),
    /\n2\.csv\.gz:3: Cannot read column 2 "cents"/,
  )
  put('3.csv', 'shop,cents\nc,3\n')
  await refused(
    ['run', 'sales.ts', '--data', 'data'],
    1,
    'Cannot go on with input "sales": folder "incoming" has new files and the input has ended, use another --data folder',
    { cwd },
  )
})

test('--input names another folder or file, for any source', async () => {
  const { cwd, put } = newPlace()
  put('1.csv', 'shop,cents\na,1\n')
  put('2.csv', 'shop,cents\na,2\n')
  const run = async (input: string): Promise<Document> =>
    JSON.parse(await printed(['run', 'sales.ts', '--input', `sales=${input}`, '--json'], { cwd }))
  assert.deepEqual(totalsOf(await run('incoming/1.csv')), { a: 1 })
  mkdirSync(join(cwd, 'others'))
  writeFileSync(join(cwd, 'others', 'x.csv'), 'shop,cents\nz,7\n')
  assert.deepEqual(totalsOf(await run('others')), { z: 7 })
  await refused(
    ['run', 'sales.ts', '--input', 'sales=none'],
    1,
    'Cannot read input "sales": there is no file "none", check the path after --input sales=',
    { cwd },
  )

  writeFileSync(join(cwd, 'others', 'y.txt'), 'shop,cents z,7')
  const words = JSON.parse(await printed(['run', wordCountFile, '--input', 'lines=others', '--json'], { cwd }))
  assert.deepEqual(words.views.counts?.map(({ value }: { value: number }) => value).sort(), [2, 2, 2, 2])
})

test('dev reads files as they come, and goes on where it ended', async () => {
  const { cwd, put } = newPlace()
  put('1.csv', 'shop,cents\na,1\n')
  const query = async (): Promise<Record<string, number>> => {
    const lines = await printed(['query', 'totals', '--data', 'data', '--json'], { cwd })
    const rows: Document['views']['totals'] = JSON.parse(lines)
    return Object.fromEntries(rows.map(({ key, value }) => [key, value]))
  }
  const until = async (expected: Record<string, number>): Promise<void> => {
    for (let tries = 0; tries < 30; tries++) {
      await sleep(500)
      const found = await query().catch(() => undefined)
      if (found !== undefined && JSON.stringify(found) === JSON.stringify(expected)) return
    }
    assert.deepEqual(await query(), expected)
  }
  for (const [added, expected] of [
    ['2.csv', { a: 11 }],
    ['3.csv', { a: 21 }],
  ] as const) {
    const session = startMillrace(['dev', 'sales.ts', '--data', 'data'], { cwd })
    put(added, 'shop,cents\na,10\n')
    await until(expected)
    session.process.kill('SIGINT')
    if (session.process.exitCode === null) await once(session.process, 'exit')
    assert.match(
      (await session.ended).stderr,
      /put files in the folder "incoming", each with a name behind the last one/,
    )
  }
})
