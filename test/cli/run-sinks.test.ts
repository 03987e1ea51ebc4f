import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileIn, pipelineIn, printed, refused, temporaryFolder } from './command.ts'

const folder = temporaryFolder()
const lines = Array.from({ length: 1_000 }, (_, i) => `line ${i}`)
const input = ['--input', `lines=${fileIn(folder, 'lines.txt', lines.join('\n'))}`]

const pipeline = pipelineIn(
  folder,
  'sinks.ts',
  `export const p = pipeline('sinks', ({ source }) => {
     const lines = source('lines', { codec: utf8 })
     const long = lines.filter(line => line.length > 7)
     return { longer: long.toFiles(json(), { extension: 'jsonl' }), sent: long.toStream('long-lines', utf8) }
   })`,
)

const linesIn = (out: string): string[] =>
  readdirSync(out, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .flatMap(entry => readFileSync(join(entry.parentPath, entry.name), 'utf8').trimEnd().split('\n'))

test('run writes file sinks to the folder of --files, and says what stream sinks hold', async () => {
  const out = join(folder, 'out')
  const text = await printed(['run', pipeline, ...input, '--files', out])
  const expected = lines.filter(line => line.length > 7).map(line => JSON.stringify(line))
  assert.deepEqual(linesIn(out).sort(), expected.sort())
  assert.match(text, /\nrecords read {2,}1,000\n/)
  assert.match(text, /\nlonger {2,}\d+ files?, [\d.]+ KB\n/)
  assert.match(text, /\nsent {2,}900 records in stream "long-lines"\n/)
})

test('run writes file sinks beside the state with --data, and once when it runs again', async () => {
  const data = join(folder, 'data')
  const first = await printed(['run', pipeline, ...input, '--data', data])
  const second = await printed(['run', pipeline, ...input, '--data', data])
  assert.equal(linesIn(join(data, 'files')).length, 900)
  const summary = (text: string) => text.replace(/\n(seconds|records a second) .+/g, '').replaceAll(/ +/g, ' ')
  assert.equal(summary(second), summary(first))
})

test('run without --data refuses a folder for files that holds some, as they would look like its own', async () => {
  fileIn(folder, 'here.txt', 'x')
  await refused(
    ['run', pipeline, ...input, '--files', folder],
    2,
    `Cannot write files of pipeline "sinks" to "${folder}": the folder is not empty, empty it or give another with --files`,
  )
})

test('run goes on, however much a stream sink holds that no stage reads', { timeout: 60_000 }, async () => {
  const many = Array.from({ length: 10_000 }, (_, i) => String(i).padEnd(2_000, '.'))
  const input = `lines=${fileIn(folder, 'many.txt', many.join('\n'))}`
  const text = await printed(['run', pipeline, '--input', input, '--files', join(folder, 'many')])
  assert.match(text, /\nsent {2,}10,000 records in stream "long-lines"\n/)
})
