import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { realClock } from '../../local/cli/data-folder.ts'
import { openCloud } from '../../local/cloud/embedded-cloud.ts'
import type { DeadLetter } from '../../shared/ports/results.ts'
import { bytes } from '../cloud/clouds.ts'
import { documentOf, fileIn, pipelineIn, temporaryFolder } from './command.ts'
import { millrace, rowsOf, startDev, until, usage } from './commands.ts'

const folder = temporaryFolder()

/** Counts words; one begins with "bad" and fails, until the program is mended. */
const words = pipelineIn(
  folder,
  'words.ts',
  `function checked(word) {
     if (word.startsWith('bad') && process.env.MENDED === undefined) throw new Error('no such word')
     return word
   }
   export const words = pipeline('words', ({ source }) => {
     const lines = source('lines', { codec: utf8, onError: 'deadLetter' })
     return { counts: lines.map(checked).keyBy('word', word => word).count('so-far') }
   })`,
)

type Fault = {
  readonly short: string
  readonly id: string
  readonly stage: string
  readonly operator: string
  readonly reason: string
}

async function faultsIn(data: string, ...options: readonly string[]): Promise<readonly Fault[]> {
  const printed = await millrace('faults', 'list', 'words', '--data', data, '--json', ...options)
  return JSON.parse(printed).faults
}

test('faults lists what failed, shows it, and puts it back for a program that was mended', async () => {
  const data = join(folder, 'mended')
  const input = fileIn(folder, 'words.txt', 'a\nbad one\nb\nbad two\na\n')
  const run = ['run', words, '--input', `lines=${input}`, '--data', data, '--json']
  assert.equal((await documentOf(run)).deadLetters, 2)

  const [one, two] = await faultsIn(data)
  assert.equal(one.stage, 'lines')
  assert.match(one.reason, /no such word/)
  const table = await millrace('faults', 'list', words, '--data', data)
  assert.match(table, /^id +stage +place +operator +version +reason\n/)
  assert.ok(table.includes(`${one.short}  lines  lines shardId-`), table)
  assert.match(await millrace('faults', 'list', 'words', '--data', data, '--limit', '1'), /\n1 more: --limit\n$/)
  assert.equal(await millrace('faults', 'list', 'words', '--data', data, '--stage', 'word'), '(no dead letters)\n')
  const shown = await millrace('faults', 'show', 'words', one.short, '--data', data)
  assert.match(shown, /\nresubmit {7}yes\n\npayload, 7 bytes\nbad one\n\nstack\nError: no such word\n {4}at checked/)
  const document = JSON.parse(await millrace('faults', 'show', 'words', two.id, '--data', data, '--json'))
  assert.deepEqual([document.payload, document.canResubmit], ['bad two', true])

  assert.equal(await millrace('faults', 'resubmit', 'words', one.short, '--data', data), 'Put 1 record back\n')
  assert.deepEqual(await faultsIn(data), [two])
  assert.equal(await millrace('faults', 'resubmit', 'words', '--all', '--data', data), 'Put 1 record back\n')
  assert.deepEqual(await faultsIn(data), [])
  await documentOf(run, { env: { MENDED: '1' } })
  assert.deepEqual(await rowsOf('counts', data), { a: 2, b: 1, 'bad one': 1, 'bad two': 1 })
})

test('while dev runs, what fails again after it was put back is a dead letter again', async () => {
  const data = join(folder, 'again')
  const dev = await startDev(words, '--data', data, '--no-watch')
  await millrace('produce', 'lines', '--file', fileIn(folder, 'again.txt', 'bad\n'), '--data', data)
  await until(async () => (await faultsIn(data)).length === 1)
  const [before] = await faultsIn(data)
  assert.equal(await millrace('faults', 'resubmit', 'words', before.id, '--data', data), 'Put 1 record back\n')
  await until(async () => (await faultsIn(data)).length === 1)
  assert.notEqual((await faultsIn(data))[0].id, before.id)
  assert.match(await millrace('status', words, '--data', data), /\nlines +shardId-0+ +\d+ /)
  dev.signal('SIGTERM')
  await dev.status()
})

const letter: DeadLetter = {
  id: 'lines/shardId-000000000000/A1A0A0',
  kind: 'record',
  pipelineVersion: '0123456789ab',
  stage: 'lines',
  stream: 'lines',
  place: 'lines shardId-000000000000 1#0',
  partitionKey: 'k',
  sub: 0,
  reason: 'Cannot read it',
  payload: bytes('payload'),
  payloadBytes: 7,
}

async function folderWith(name: string, letters: readonly DeadLetter[]): Promise<string> {
  const data = join(folder, name)
  const cloud = openCloud(data, realClock)
  cloud.meta.set('pipeline', 'words')
  cloud.streams.createStream('lines', 1)
  await cloud.deadLetters.put('words', letters)
  cloud.close()
  return data
}

test('resubmit puts back all that can be, and says why the rest stays', async () => {
  const data = await folderWith('stays', [
    letter,
    { ...letter, id: 'cut', payloadBytes: 8 },
    { ...letter, id: 'message', kind: 'message' },
  ])
  await assert.rejects(millrace('faults', 'resubmit', 'words', '--all', '--data', data), {
    message:
      'Cannot resubmit 2 dead letters: 378bfce5cd stays, as only 7 of its 8 bytes are kept, put the whole record with millrace produce',
  })
  assert.deepEqual(
    (await faultsIn(data)).map(({ id }) => id),
    ['cut', 'message'],
  )
  assert.equal(await millrace('consume', 'lines', '--data', data), 'payload\n')
  await assert.rejects(millrace('faults', 'resubmit', 'words', 'message', '--data', data), /message between two stages/)
})

test('show prints bytes that are no text', async () => {
  const payload = Uint8Array.from({ length: 17 }, (_, i) => 0xf0 + i)
  const data = await folderWith('bytes', [{ ...letter, payload, payloadBytes: 17 }])
  const shown = await millrace('faults', 'show', 'words', letter.id, '--data', data)
  assert.match(shown, /00000000 {2}f0 f1 .* ff {2}\.{16}\n00000010 {2}00 {47}\.\n$/)
  const document = JSON.parse(await millrace('faults', 'show', 'words', letter.id, '--data', data, '--json'))
  assert.equal(document.payloadBase64, Buffer.from(payload).toString('base64'))
})

test('faults refuses what it cannot use with a sentence', async () => {
  const data = await folderWith('refused', [letter])
  const refused = (sentence: string, ...args: string[]) =>
    assert.rejects(millrace('faults', ...args, '--data', data), usage(sentence))
  await refused(
    'Cannot find dead letter "nope": there is none, expected an id of millrace faults list',
    'show',
    'words',
    'nope',
  )
  await refused('Cannot resubmit: expected the ids of dead letters, or --all', 'resubmit', 'words')
  await refused('Cannot use --stage: it goes with --all', 'resubmit', 'words', letter.id, '--stage', 'lines')
  await refused(
    `Cannot use data folder "${data}" for pipeline "other": it belongs to pipeline "words", use that or another --data folder`,
    ...['list', 'other'],
  )
  await refused('Cannot use --data and --aws: they exclude each other, give one of them', 'list', 'words', '--aws')
  await refused('Cannot use --table: it is about AWS, add --aws or --endpoint URL', 'list', 'words', '--table', 't')
})
