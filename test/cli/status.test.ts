import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { documentOf, fileIn, temporaryFolder, wordCountFile } from './command.ts'
import { millrace } from './commands.ts'

const folder = temporaryFolder()
const data = join(folder, 'data')
const input = fileIn(folder, 'lines.txt', 'to be or not to be\nthat is the question\n')
const [source, keyed] = ['lines', 'word']

type Shard = {
  readonly shard: string
  readonly closed: boolean
  readonly isFinished: boolean
  readonly records?: number
  readonly behindMs?: number
  readonly watermark?: number
  readonly version?: number
  readonly stateBytes?: number
}
type Document = { readonly stages: readonly { readonly stage: string; readonly shards: readonly Shard[] }[] }

async function shardsOf(stage: string): Promise<readonly Shard[]> {
  const document: Document = JSON.parse(await millrace('status', wordCountFile, '--data', data, '--json'))
  return document.stages.find(other => other.stage === stage)?.shards ?? []
}

const run = () => documentOf(['run', wordCountFile, '--input', `${source}=${input}`, '--data', data, '--json'])

test('status tells of each stage and shard what waits, and what its log says', async () => {
  await run()
  for (const { records, behindMs, version } of await shardsOf(source)) {
    assert.deepEqual([records, behindMs, version], [0, 0, undefined])
  }
  const [shard] = await shardsOf(keyed)
  assert.deepEqual([shard.records, shard.behindMs, shard.closed], [0, 0, false])
  assert.ok((shard.version ?? -1) >= 0 && (shard.stateBytes ?? 0) > 100, JSON.stringify(shard))
  const table = await millrace('status', wordCountFile, '--data', data)
  assert.match(table, /^stage +shard +to do +behind +watermark +version +state\n/)
  assert.match(table, /\nlines +shardId-000000000000 +0 +0\.0 s +- +- +-\n/)
  assert.match(table, /\nword +shardId-000000000000 +0 +0\.0 s +end +\d+ +[\d.]+ \w+\n/)
})

test('status counts what waits, and folds the shards that are finished', async () => {
  await millrace('streams', 'split', source, '0', '--data', data)
  await millrace('produce', source, '--file', input, '--data', data)
  const waiting = await shardsOf(source)
  assert.equal(
    waiting.reduce((sum, { records = 0 }) => sum + records, 0),
    2,
  )
  assert.ok(waiting.some(({ behindMs = 0 }) => behindMs > 0))
  assert.deepEqual(
    waiting.filter(({ isFinished }) => isFinished).map(({ shard }) => shard),
    ['shardId-000000000000'],
  )
  assert.match(
    await millrace('status', wordCountFile, '--data', data),
    /\nlines +1 shard finished\nlines +shardId-0+1 /,
  )
})

test('status of a data folder in which the pipeline has not begun says so', async () => {
  const begun = join(folder, 'begun')
  await millrace('streams', 'create', 'other', '--data', begun)
  assert.match(await millrace('status', wordCountFile, '--data', begun), /\nword +stream "[^"]+" is not there yet /)
})
