import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, mkdirSync, openSync, readFileSync, statSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { DataFolderError } from '../../local/cloud/data-folder-error.ts'
import { type EmbeddedCloud, type FolderCloudOptions, openCloud } from '../../local/cloud/embedded-cloud.ts'
import { sequenceNumber, shardId } from '../../shared/model/ids.ts'
import { bytes, ManualClock, temporaryFolder } from './clouds.ts'

const open = (folder: string, options?: FolderCloudOptions): EmbeddedCloud =>
  openCloud(folder, new ManualClock(), options)
const first = shardId('shardId-000000000000')

const refused = (sentence: string) => (error: unknown) => {
  assert.ok(error instanceof DataFolderError)
  assert.equal(error.message, sentence)
  return true
}

test('a data folder is created with the folders above it, and found again as it was left', async () => {
  const folder = join(temporaryFolder(), 'a', 'b')
  const before = open(folder)
  before.streams.createStream('s', 1)
  const [lower] = before.streams.splitShard('s', first)
  before.streams.put('s', [{ data: bytes('x'), partitionKey: 'key', explicitHashKey: 0n }])
  before.streams.trim('s', lower, before.streams.newest('s')!)
  await before.files.write('out', 'name', bytes('file'))
  before.close()
  const after = open(folder)
  assert.equal(after.streams.describe('s').length, 3)
  const [outcome] = after.streams.put('s', [{ data: bytes('y'), partitionKey: 'key', explicitHashKey: 0n }])
  assert.ok(outcome.kind === 'accepted' && outcome.sequence.endsWith('0002'))
  assert.deepEqual(await after.files.list(), [{ sink: 'out', name: 'name', bytes: 4 }])
  after.close()
})

test('after kill -9 in the middle of writes, reopening finds every acknowledged write', async () => {
  const folder = temporaryFolder()
  const acknowledged: string[] = []
  for (const lines of [1, 40, 150, 300]) {
    acknowledged.push(...(await writeUntilKilled(folder, lines)))
    const cloud = open(folder)
    check(cloud, acknowledged)
    cloud.close()
  }
})

test('a folder that another process holds is refused, until that process is killed', async () => {
  const folder = temporaryFolder()
  const child = startWriter(folder)
  await once(child.stdout!, 'data')
  const sentence = `Cannot open data folder "${folder}": another process holds it, stop that process or use another --data folder`
  assert.throws(() => open(folder), refused(sentence))
  await kill(child)
  open(folder).close()
})

test('a folder is refused when its database is of something else, and that is left as it was', () => {
  const folder = temporaryFolder()
  const path = join(folder, 'millrace.db')
  const sentence = `Cannot open data folder "${folder}": its millrace.db is not a Millrace database, move it away or use another --data folder`
  writeFileSync(path, 'not a database, but a text of some length. '.repeat(100))
  assert.throws(() => open(folder), refused(sentence))
  assert.match(readFileSync(path, 'utf8'), /^not a database/)
  writeFileSync(path, '')
  const other = new DatabaseSync(path)
  other.exec('CREATE TABLE theirs (x)')
  other.close()
  const before = readFileSync(path)
  assert.throws(() => open(folder), refused(sentence))
  assert.deepEqual(readFileSync(path), before)
})

test('a folder of another format is refused with both numbers', () => {
  const folder = temporaryFolder()
  open(folder).close()
  const database = new DatabaseSync(join(folder, 'millrace.db'))
  database.exec('PRAGMA user_version = 7')
  database.close()
  const sentence = `Cannot open data folder "${folder}": it has format 7, use the Millrace that wrote it or another --data folder (this one reads 1)`
  assert.throws(() => open(folder), refused(sentence))
})

test('a damaged database is refused with a sentence', () => {
  const folder = temporaryFolder()
  const cloud = open(folder)
  for (let i = 0; i < 5_000; i++) cloud.meta.set(`key ${i}`, 'x'.repeat(100))
  cloud.close()
  const path = join(folder, 'millrace.db')
  const file = openSync(path, 'r+')
  const size = statSync(path).size
  for (let at = 16_384; at < size; at += 16_384) writeSync(file, new Uint8Array(8_000).fill(0xa5), 0, 8_000, at)
  closeSync(file)
  const sentence =
    /^Cannot (open|use) data folder ".+": its millrace.db is damaged, restore it from a copy or use another --data folder$/
  assert.throws(() => open(folder).meta.all(), { message: sentence })
})

test('a folder that cannot be one is refused with a sentence', () => {
  const folder = temporaryFolder()
  const file = join(folder, 'file')
  writeFileSync(file, '')
  assert.throws(() => open(file), refused(`Cannot open data folder "${file}": it is a file, use another --data folder`))
  const below = join(file, 'below')
  const sentence = `Cannot open data folder "${below}": a part of its path is a file, use another --data folder`
  assert.throws(() => open(below), refused(sentence))
  const taken = join(folder, 'taken')
  mkdirSync(join(taken, 'millrace.db'), { recursive: true })
  assert.throws(
    () => open(taken),
    /its millrace.db cannot be opened, change its permissions or use another --data folder/,
  )
})

test('a full disk is a sentence, and nothing that was acknowledged is lost', async () => {
  const folder = temporaryFolder()
  const cloud = open(folder, { maxBytes: 3_000_000 })
  cloud.streams.createStream('s', 1)
  let count = 0
  const sentence = `Cannot use data folder "${folder}": the disk is full, free some space and run again, all that was acknowledged is kept`
  const fill = async () => {
    for (; count < 100; count++) {
      const data = new Uint8Array(50_000).fill(count)
      await cloud.ports.streams.putRecords('s', [
        { data, partitionKey: 'key' },
        { data, partitionKey: 'key' },
      ])
    }
  }
  await assert.rejects(fill(), refused(sentence))
  assert.ok(count > 10 && count < 30)
  const left = () => cloud.streams.read('s', first, undefined, 1_000, 1e9).map(({ data }) => data[0])
  const expected = Array.from({ length: 2 * count }, (_, i) => i >> 1)
  assert.deepEqual(left(), expected)
  cloud.streams.trim('s', first, cloud.streams.newest('s')!)
  await cloud.ports.streams.putRecords('s', [{ data: bytes('fits again'), partitionKey: 'key' }])
  assert.equal(left().length, 1)
  cloud.close()
  const again = open(folder)
  assert.equal(again.streams.read('s', first, undefined, 1_000, 1e9).length, 1)
  again.close()
})

test('a database does not grow while records are trimmed behind the readers', () => {
  const folder = temporaryFolder()
  const cloud = open(folder)
  cloud.streams.createStream('s', 1)
  for (let i = 0; i < 400; i++) {
    const data = new Uint8Array(50_000)
    cloud.streams.put(
      's',
      Array.from({ length: 20 }, () => ({ data, partitionKey: 'key' })),
    )
    cloud.streams.trim('s', first, cloud.streams.newest('s')!)
  }
  cloud.close()
  assert.ok(statSync(join(folder, 'millrace.db')).size < 10_000_000)
})

function startWriter(folder: string): ChildProcess {
  const script = join(import.meta.dirname, 'writer.ts')
  return spawn(process.execPath, [script, folder], { stdio: ['ignore', 'pipe', 'inherit'] })
}

/** Kills the writer once it has acknowledged some lines; what it acknowledged until it died counts too. */
async function writeUntilKilled(folder: string, lines: number): Promise<string[]> {
  const child = startWriter(folder)
  let output = ''
  child.stdout!.setEncoding('utf8').on('data', (chunk: string) => {
    output += chunk
    if (output.split('\n').length > lines) child.kill('SIGKILL')
  })
  await once(child, 'close')
  assert.equal(child.signalCode, 'SIGKILL')
  return output.split('\n').slice(0, -1)
}

async function kill(child: ChildProcess): Promise<void> {
  child.stdout!.resume()
  child.kill('SIGKILL')
  await once(child, 'close')
}

function check(cloud: EmbeddedCloud, acknowledged: readonly string[]): void {
  const found = new Map(
    cloud.streams.read('s', first, undefined, 1e6, 1e12).map(record => [record.sequence, record.data]),
  )
  const rows = new Map(cloud.views.rows('v').map(({ key, value }) => [key, Number(value)]))
  const checkpoint = cloud.checkpoints.get('m', first)
  let checkpoints = 0
  for (const line of acknowledged) {
    const [kind, name, value] = line.split(' ')
    if (kind === 'record') assert.equal(found.get(sequenceNumber(name))?.[49_999], Number(value))
    if (kind === 'row') assert.ok(rows.get(`row ${name}`)! >= Number(value))
    if (kind === 'checkpoint') checkpoints++
    if (kind === 'checkpoint') assert.ok(checkpoint!.through! >= name)
  }
  // One more may stand than was acknowledged in each round: it was killed between the write and the line.
  assert.equal(found.size, Number(cloud.meta.get('records') ?? 0))
  assert.ok((checkpoint?.tally.writes ?? 0) >= checkpoints)
}
