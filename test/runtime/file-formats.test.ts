import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { column, csvFile, type FileFormat, ndjson, parquet } from 'millrace/files'
import { drive } from 'millrace/testing'
import { int, json, pipeline, text } from '../../shared/index.ts'

type Reading = { readonly id: number; readonly name: string }

const table = parquet({ id: column.int, name: column.text })
const sheet = csvFile({ id: int, name: text })

function written(format: FileFormat<Reading>, options: { readonly batchSize?: number } = {}) {
  const readings = pipeline('p', ({ source }) => ({
    out: source('readings', { codec: json<Reading>(), onError: 'deadLetter' }).toFiles(format),
  }))
  return drive(readings, options)
}

test('a commit is one file of the format, named by its extension', async () => {
  for (const format of [table, sheet, ndjson<Reading>()]) {
    const run = written(format)
    await run.readings.push({ id: 1, name: 'a' }, { id: 2, name: 'b' })
    await run.readings.push({ id: 3, name: 'c\nd' })
    const files = await run.out.files()
    assert.deepEqual(
      files.map(({ name }) => name),
      [0, 1].map(version => `readings/shardId-000000000000/${version}.${format.extension}`),
    )
    assert.deepEqual(
      [...format.decode(files[0].bytes)],
      [
        { id: 1, name: 'a' },
        { id: 2, name: 'b' },
      ],
    )
    assert.deepEqual(Buffer.from(files[1].bytes), Buffer.from(format.encode([{ id: 3, name: 'c\nd' }])))
    assert.deepEqual((await run.out.values()).length, 3)
  }
})

test('a value that the format cannot write is the error of its record, and the file has the others', async () => {
  // A format of the user's own is tried value by value.
  const { writer: _writer, ...plain } = table
  for (const format of [table, plain]) {
    const run = written(format)
    await run.readings.push({ id: 1, name: 'a' }, { id: 2 ** 40, name: 'b' }, { id: 3, name: 'c' })
    assert.deepEqual(await run.out.values(), [
      { id: 1, name: 'a' },
      { id: 3, name: 'c' },
    ])
    assert.deepEqual(
      run.deadLetters().map(({ reason }) => reason),
      [
        'Cannot run operator "out": Cannot write column 1 "id": found 1099511627776, expected a whole number of 32 bits',
      ],
    )
  }
})

test('what is too much for one commit becomes several files', async () => {
  const noise = (id: number): string =>
    createHash('shake256', { outputLength: 30_000 }).update(`${id}`).digest('base64')
  const rows = Array.from({ length: 40 }, (_, id) => ({ id, name: noise(id) }))
  for (const format of [table, sheet]) {
    const run = written(format)
    await run.readings.push(...rows)
    assert.deepEqual(await run.out.values(), rows)
    const files = await run.out.files()
    assert.ok(files.length > 3, `${files.length} files`)
    assert.ok(files.every(({ bytes }) => bytes.length < 400 * 1024))
  }
})

test('a value whose file is larger than a commit is the error of its record', async () => {
  const noise = createHash('shake256', { outputLength: 600_000 }).update('noise').digest('base64')
  const run = written(table)
  await run.readings.push({ id: 1, name: 'a' }, { id: 2, name: noise }, { id: 3, name: 'c' })
  assert.deepEqual(await run.out.values(), [
    { id: 1, name: 'a' },
    { id: 3, name: 'c' },
  ])
  assert.equal(run.deadLetters().length, 1)
})

test('toFiles() names files by the extension that it is told', async () => {
  const run = drive(
    pipeline('p', ({ source }) => ({
      out: source('readings', { codec: json<Reading>() }).toFiles(ndjson(), { extension: 'jsonl' }),
    })),
  )
  await run.readings.push({ id: 1, name: 'a' })
  assert.deepEqual(
    (await run.out.files()).map(({ name }) => name),
    ['readings/shardId-000000000000/0.jsonl'],
  )
})
