import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { temporaryFolder } from '../cloud/clouds.ts'
import { millrace } from './commands.ts'

const program = join(import.meta.dirname, '../../local/cli/millrace.ts')

/** Runs a line of the shell, in which `millrace` is ours. */
const shell = (line: string) =>
  promisify(execFile)('/bin/sh', ['-c', `set -e; millrace() { "$NODE" "$PROGRAM" "$@"; }; ${line}`], {
    env: { ...process.env, NODE: process.execPath, PROGRAM: program },
    maxBuffer: 2 ** 26,
  })

async function streamOf(lines: readonly string[]): Promise<string> {
  const folder = temporaryFolder()
  const data = join(folder, 'data')
  writeFileSync(join(folder, 'lines.txt'), lines.map(line => `${line}\n`).join(''))
  await millrace('streams', 'create', 'one', '--shards', '3', '--data', data)
  await millrace('streams', 'create', 'two', '--data', data)
  await millrace('produce', 'one', '--data', data, '--file', join(folder, 'lines.txt'), '--aggregate')
  return data
}

test('consume pipes into produce: in one data folder, and more than a pipe holds', async () => {
  const lines = Array.from({ length: 10_000 }, (_, i) => `${i} ${'x'.repeat(50)}`)
  const data = await streamOf(lines)
  const { stdout, stderr } = await shell(
    `millrace consume one --data '${data}' | millrace produce two --data '${data}' --aggregate`,
  )
  assert.equal(stdout, 'Put 10,000 records in stream "two": all in shardId-000000000000\n')
  assert.equal(stderr, '')
  const copied = (await millrace('consume', 'two', '--data', data)).split('\n').slice(0, -1)
  assert.equal(copied.length, lines.length)
  assert.deepEqual(new Set(copied), new Set(lines))
})

test('other tools pipe into produce, and read what consume prints for as long as they like', async () => {
  const data = await streamOf(['b', 'a'])
  const { stdout, stderr } = await shell(
    `printf 'd\\nc' | millrace produce one --data '${data}' --json; millrace consume one --data '${data}' | sort | tr '\\n' ' '`,
  )
  assert.match(stdout, /^\{"stream":"one","records":2,"shards":\{.+\},"skipped":0\}\na b c d $/)
  assert.equal(stderr, '')
  const many = await streamOf(Array.from({ length: 50_000 }, (_, i) => `line ${i}`))
  const first = await shell(`millrace consume one --data '${many}' --follow | head -n 1`)
  assert.match(first.stdout, /^line \d+\n$/)
  assert.equal(first.stderr, '')
})

test('a record that ends with a line break is one line, so that a pipe does not make two of it', async () => {
  const data = await streamOf([])
  const { openCloud } = await import('../../local/cloud/embedded-cloud.ts')
  const { realClock } = await import('../../local/cli/data-folder.ts')
  const cloud = openCloud(data, realClock)
  for (const text of ['a\n', 'b\r\n', 'c']) cloud.streams.put('one', [{ data: Buffer.from(text), partitionKey: 'k' }])
  cloud.close()
  await shell(`millrace consume one --data '${data}' | millrace produce two --data '${data}'`)
  assert.equal(await millrace('consume', 'two', '--data', data), 'a\nb\nc\n')
})
