import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type EmulatedAws, emulateAws } from '../aws/emulated-aws.ts'
import {
  documentOf,
  fileIn,
  pipelineIn,
  printed,
  refused,
  startMillrace,
  temporaryFolder,
  wordCountFile,
} from './command.ts'

let aws: EmulatedAws
before(async () => {
  aws = await emulateAws()
})
after(() => aws.close())

const folder = temporaryFolder()
const lines = fileIn(folder, 'lines.txt', 'to be or not to be\nthat is the question\n')
const inputs = ['--input', `lines=${lines}`]
const at = (prefix: string): string[] => ['--endpoint', aws.endpoint, '--prefix', prefix]

/** A view's rows, as `query` tells them. */
const counts = async (prefix: string): Promise<unknown> =>
  JSON.parse(await printed(['query', 'counts', '--pipeline', 'word-count', '--json', ...at(prefix)]))

test('run --endpoint prints what run prints on this machine', async () => {
  const here = await documentOf(['run', wordCountFile, ...inputs, '--json'])
  const there = await documentOf(['run', wordCountFile, ...inputs, '--json', '--shards', 'word=3', ...at('same-')])
  assert.deepEqual({ ...there, seconds: 0 }, { ...here, seconds: 0 })
})

test('run --endpoint refuses what an earlier run has left, and --fresh deletes it', async () => {
  const command = ['run', wordCountFile, ...inputs, '--json', ...at('again-')]
  const first = await documentOf(command)
  await refused(
    command,
    2,
    'Cannot run pipeline "word-count" anew: table "again-word-count" holds state already, add --fresh to delete the table and the streams first, add --prefix TEXT for a place of its own, or go on there with millrace dev',
  )
  const second = await documentOf([...command, '--fresh'])
  assert.deepEqual({ ...second, seconds: 0 }, { ...first, seconds: 0 })
})

test('run --endpoint refuses a stream that holds records, which would count too', async () => {
  await printed(['streams', 'create', 'lines', ...at('full-')])
  await printed(['produce', 'lines', '--file', lines, ...at('full-')])
  await refused(['run', wordCountFile, ...inputs, ...at('full-')], 2, /: stream "full-lines" holds records already, /)
})

test('dev --endpoint serves what is produced, and the next session goes on from there', async () => {
  const session = async (file: string, expected: (rows: unknown) => boolean): Promise<string> => {
    const { process, ended } = startMillrace(['dev', wordCountFile, '--no-watch', '--tick', '1', ...at('dev-')])
    await said(process, /is running/)
    await printed(['produce', 'lines', '--file', file, ...at('dev-')])
    for (let tries = 0; !expected(await counts('dev-')); tries++) {
      assert.ok(tries < 60, 'the view never came to be')
      await sleep(250)
    }
    process.kill('SIGINT')
    const { status, stderr } = await ended
    assert.equal(status, 0, stderr)
    return stderr
  }
  const hasRow = (word: string, value: number) => (rows: unknown) =>
    Array.isArray(rows) && rows.some(row => row.key === word && row.value === value)
  const first = await session(lines, hasRow('be', 2))
  assert.match(first, /millrace query counts --pipeline word-count --endpoint http:\S+ --prefix dev-\n/)
  const more = fileIn(folder, 'more.txt', 'to be or to be\n')
  const second = await session(more, hasRow('be', 4))
  assert.match(second, /Stopped, pipeline "word-count" goes on from here next time\n$/)
})

test('dev --endpoint puts a file once, however often it is started', async () => {
  for (let i = 0; i < 2; i++) {
    const { process, ended } = startMillrace(['dev', wordCountFile, '--no-watch', ...inputs, ...at('once-')])
    await said(process, /2 records/)
    process.kill('SIGINT')
    assert.equal((await ended).status, 0)
  }
  const rows = await counts('once-')
  assert.ok(Array.isArray(rows))
  assert.deepEqual(
    rows.find(row => row.key === 'be'),
    { key: 'be', value: 2 },
  )
})

test('file and stream sinks are counted at an endpoint, files lie in a folder here', async () => {
  const own = temporaryFolder()
  const file = pipelineIn(
    own,
    'sinks.ts',
    `export const sinks = pipeline('sinks', ({ source }) => {
      const lines = source('lines', { codec: utf8 })
      return { archive: lines.toFiles(utf8, { extension: 'txt' }), shouted: lines.map(line => line.toUpperCase()).toStream('shouted', utf8) }
    })`,
  )
  const files = join(own, 'files')
  const stdout = await printed(['run', file, ...inputs, '--files', files, ...at('sinks-')])
  assert.match(stdout, /shouted/)
  assert.match(await printed(['consume', 'shouted', ...at('sinks-')]), /TO BE OR NOT TO BE/)
  const [name] = readdirSync(join(files, 'archive'), { recursive: true, encoding: 'utf8' }).filter(each =>
    each.endsWith('.txt'),
  )
  assert.match(readFileSync(join(files, 'archive', name), 'utf8'), /to be or not to be/)
})

test('what makes no sense is refused with a way out', async () => {
  await refused(
    ['run', wordCountFile, ...inputs, '--endpoint', 'http://127.0.0.1:1'],
    2,
    'Cannot reach "http://127.0.0.1:1": nobody listens there, start LocalStack with millrace local up',
  )
  await refused(
    ['dev', wordCountFile, '--no-watch', '--endpoint', 'http://127.0.0.1:1'],
    2,
    'Cannot reach "http://127.0.0.1:1": nobody listens there, start LocalStack with millrace local up',
  )
  await refused(
    ['run', wordCountFile, ...inputs, '--aws', '--fresh'],
    2,
    'Cannot use --fresh on AWS: it deletes a table and streams, delete them yourself there',
  )
  await refused(
    ['run', wordCountFile, ...inputs, '--fresh'],
    2,
    'Cannot use --fresh: it is about an endpoint, add --endpoint URL',
  )
})

/** Waits until the command has printed something on standard error. */
async function said(child: ReturnType<typeof startMillrace>['process'], what: RegExp): Promise<void> {
  let text = ''
  while (!what.test(text)) {
    const [part] = await once(child.stderr ?? child, 'data', { signal: AbortSignal.timeout(30_000) })
    text += part
  }
}
