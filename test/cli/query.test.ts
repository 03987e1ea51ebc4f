import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { realClock } from '../../local/cli/data-folder.ts'
import { openCloud } from '../../local/cloud/embedded-cloud.ts'
import { positionText } from '../../shared/model/position.ts'
import { temporaryFolder } from '../cloud/clouds.ts'
import { millrace, usage } from './commands.ts'

const start = Date.parse('2016-03-22T20:25:00Z')
const window = { start, end: start + 60_000 }

async function folderOf(rows: readonly object[], view = 'sides', pipeline = 'orders'): Promise<string> {
  const data = join(temporaryFolder(), 'data')
  const cloud = openCloud(data, realClock)
  cloud.meta.set('pipeline', pipeline)
  const position = positionText('1', 0, 0)
  const puts = rows.map((value, i) => ({ key: String(i), position, value }))
  await cloud.views.put(`${pipeline}/${view}`, puts)
  cloud.close()
  return data
}

test('query prints the rows of a view by window, rank and key, as a table or as JSON', async () => {
  const rows = [
    { key: 'S', window, value: 12 },
    { key: 'B', window, value: 2.5 },
  ]
  const data = await folderOf(rows)
  assert.deepEqual(JSON.parse(await millrace('query', 'sides', '--data', data, '--json')), [rows[1], rows[0]])
  const table = await millrace('query', 'sides', '--data', data)
  assert.match(table, /2016-03-22T20:25:00Z +2016-03-22T20:26:00Z +B +2\.5\n.*S +12\.0\n$/)
})

test('query prints what JSON has no word for', async () => {
  const data = await folderOf([{ key: ['a', 1n], value: new Map([['x', new Set([1])]]), at: new Date(0) }])
  assert.deepEqual(JSON.parse(await millrace('query', 'sides', '--data', data, '--json')), [
    { key: ['a', '1'], value: { x: [1] }, at: '1970-01-01T00:00:00.000Z' },
  ])
})

test('query --where takes the rows of one key, a number or a list as they are printed', async () => {
  const data = await folderOf([
    { key: 1, value: 'number' },
    { key: '2', value: 'text' },
    { key: ['a', 1], value: 'list' },
  ])
  const values = async (key: string) =>
    JSON.parse(await millrace('query', 'sides', '--data', data, '--where', key, '--json')).map(
      (row: { value: string }) => row.value,
    )
  assert.deepEqual(await values('1'), ['number'])
  assert.deepEqual(await values('2'), ['text'])
  assert.deepEqual(await values('["a",1]'), ['list'])
  assert.deepEqual(await values('none'), [])
})

test('query refuses a view or a pipeline that is not there with those that are', async () => {
  const data = await folderOf([{ key: 'B', value: 1 }])
  const refused = (sentence: string, ...args: string[]) =>
    assert.rejects(millrace('query', ...args, '--data', data), usage(sentence))
  await refused('Cannot query view "nope": pipeline "orders" has no such view, expected "sides"', 'nope')
  await refused(
    `Cannot query pipeline "other": data folder "${data}" belongs to pipeline "orders", use that or another --data folder`,
    ...['sides', '--pipeline', 'other'],
  )
  const empty = join(temporaryFolder(), 'data')
  openCloud(empty, realClock).close()
  await assert.rejects(
    millrace('query', 'sides', '--data', empty),
    usage(`Cannot query view "sides": no pipeline has run on data folder "${empty}", run one there with millrace dev`),
  )
  await assert.rejects(
    millrace('query', 'sides', '--data', empty, '--pipeline', 'orders'),
    usage('Cannot query view "sides": pipeline "orders" has no such view, none of its views has a row yet'),
  )
})
