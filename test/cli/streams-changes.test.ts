import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { realClock } from '../../local/cli/data-folder.ts'
import { openCloud } from '../../local/cloud/embedded-cloud.ts'
import { shardId } from '../../shared/model/ids.ts'
import { emulateAws } from '../aws/emulated-aws.ts'
import { temporaryFolder } from '../cloud/clouds.ts'
import { millrace, startDev, usage, writePipeline } from './commands.ts'

const aws = await emulateAws()
after(() => aws.close())

const shard = (number: number) => `shardId-${String(number).padStart(12, '0')}`
const folder = () => ['--data', join(temporaryFolder(), 'data')]
const places: readonly (readonly [string, () => readonly string[]])[] = [
  ['a data folder', folder],
  ['Kinesis', () => ['--endpoint', aws.endpoint, '--prefix', `p${++prefixes}-`]],
]
let prefixes = 0

for (const [name, placeOf] of places) {
  const isAws = name === 'Kinesis'
  const yes = isAws ? ['--yes'] : []

  test(`streams split and merge choose the shards themselves, on ${name}`, async () => {
    const place = placeOf()
    const streams = (...args: readonly string[]) => millrace('streams', ...args, ...place)
    await streams('create', 's', '--shards', '3')
    // A third of the hash space cannot be had: the last of three is the widest.
    const widest = JSON.parse(await streams('split', 's', '--json'))
    assert.equal(widest.stream, 's')
    assert.deepEqual(widest.opened, [shard(3), shard(4)])
    const [closed] = widest.closed
    assert.ok([shard(0), shard(2)].includes(closed), closed)
    // The halves are the narrowest neighbours.
    assert.equal(await streams('merge', 's'), `Merged ${shard(3)} and ${shard(4)} of stream "s" into ${shard(5)}\n`)
    const { shards } = JSON.parse(await streams('describe', 's', '--json'))
    assert.equal(shards.filter((each: { closed: boolean }) => !each.closed).length, 3)
  })

  test(`streams refuse to split and merge what they cannot, on ${name}`, async () => {
    const place = placeOf()
    const refused = (sentence: string | RegExp, ...args: readonly string[]) =>
      assert.rejects(millrace('streams', ...args, ...place), usage(sentence))
    await millrace('streams', 'create', 's', '--shards', '4', ...place)
    const four = [0, 1, 2, 3].map(shard).join(', ')
    await refused(
      `Cannot merge shards "${shard(0)}" and "${shard(2)}" of stream "s": they are not neighbours, expected two whose hash keys adjoin, as those of ${shard(0)} and ${shard(1)}`,
      ...['merge', 's', '0', '2'],
    )
    await refused(
      `Cannot merge shards "${shard(1)}" and "${shard(1)}" of stream "s": they are the same, expected two that are neighbours`,
      ...['merge', 's', '1', '1'],
    )
    await refused('Cannot merge shard "1" alone: name the one beside it too, or none of the two', 'merge', 's', '1')
    await refused(
      `Cannot merge shard "9" of stream "s": there is no such shard, expected one of ${four}`,
      ...['merge', 's', '9', '1'],
    )
    await refused(
      'Cannot split by --at alone: a hash key is in one shard, name that shard before it',
      ...['split', 's', '--at', '7'],
    )
    await refused(
      /^Cannot split shard "shardId-000000000000" of stream "s": hash key 0 leaves a half empty, expected one above 0 and up to \d+$/,
      ...['split', 's', '0', '--at', '0'],
    )
    await refused('Cannot split shards of stream "nope": there is no such stream, expected "s"', 'split', 'nope')
    await refused(
      'Cannot create stream "t": "x" is not a number of shards, expected 1 or more',
      ...['create', 't', '--shards', 'x'],
    )
    await millrace('streams', 'create', 'one', ...place)
    await refused('Cannot merge shards of stream "one": it has one open shard, expected two or more', 'merge', 'one')
  })

  test(`streams delete removes a stream with its records, on ${name}`, async () => {
    const place = placeOf()
    const streams = (...args: readonly string[]) => millrace('streams', ...args, ...place)
    await streams('create', 's', '--shards', '2')
    await streams('create', 'other')
    const file = join(temporaryFolder(), 'lines.txt')
    writeFileSync(file, 'a\nb\n')
    await millrace('produce', 's', '--file', file, ...place)
    await assert.rejects(
      streams('delete', 'nope'),
      usage('Cannot delete stream "nope": there is no such stream, expected "other", "s"'),
    )
    if (isAws) {
      await assert.rejects(
        streams('delete', 's'),
        /^ConfigurationError: Cannot delete stream "s": whether a pipeline reads it is not known on "http.+", add --yes to delete it with its records$/,
      )
    }
    assert.equal(await streams('delete', 's', ...yes), 'Deleted stream "s"\n')
    const left = JSON.parse(await streams('list', '--json'))
    assert.deepEqual(
      left.streams.map(({ stream }: { stream: string }) => stream),
      ['other'],
    )
    assert.deepEqual(JSON.parse(await streams('delete', 'other', '--yes', '--json')), {
      stream: 'other',
      deleted: true,
    })
    assert.deepEqual(JSON.parse(await streams('create', 's', '--json')), { stream: 's', shards: 1 })
    assert.equal(await millrace('consume', 's', ...place), '')
  })
}

test('a stream that was deleted and made again gives no sequence number and no shard id twice', async () => {
  const place = folder()
  const file = join(temporaryFolder(), 'lines.txt')
  writeFileSync(file, 'a\nb\n')
  await millrace('streams', 'create', 's', '--shards', '2', ...place)
  await millrace('produce', 's', '--file', file, ...place)
  await millrace('streams', 'delete', 's', ...place)
  await millrace('streams', 'create', 's', ...place)
  await millrace('streams', 'split', 's', ...place)
  await millrace('produce', 's', '--file', file, '--key-text', 'k', ...place)
  const records = (await millrace('consume', 's', '--json', ...place))
    .trim()
    .split('\n')
    .map(line => JSON.parse(line))
  assert.deepEqual(
    records.map(({ data, sequence }) => [data, Number(sequence.slice(2))]),
    [
      ['a', 3],
      ['b', 4],
    ],
  )
  const { shards } = JSON.parse(await millrace('streams', 'describe', 's', '--json', ...place))
  assert.deepEqual(
    shards.map(({ shard: id }: { shard: string }) => id),
    [shard(2), shard(3), shard(4)],
  )
})

test('a stream that a pipeline has read is deleted with --yes alone, and not while dev reads it', async () => {
  const data = join(temporaryFolder(), 'data')
  const cloud = openCloud(data, realClock)
  cloud.streams.createStream('lines', 1)
  cloud.checkpoints.advance('words/lines', shardId(shard(0)), undefined)
  cloud.close()
  await assert.rejects(millrace('streams', 'delete', 'lines', '--data', data), {
    name: 'ConfigurationError',
    message: 'Cannot delete stream "lines": it is read by "words/lines", add --yes to delete it with its records',
  })
  assert.equal(await millrace('streams', 'delete', 'lines', '--yes', '--data', data), 'Deleted stream "lines"\n')

  const folderOfDev = temporaryFolder()
  const file = join(folderOfDev, 'words.ts')
  mkdirSync(join(folderOfDev, 'data'))
  writePipeline(file)
  const dev = await startDev(file, '--data', join(folderOfDev, 'data'), '--no-watch')
  await assert.rejects(
    millrace('streams', 'delete', 'lines', '--yes', '--data', join(folderOfDev, 'data')),
    /^ConfigurationError: Cannot delete stream "lines": a pipeline is reading it, end the millrace dev that runs it first$/,
  )
  dev.signal('SIGINT')
  assert.equal(await dev.status(), 0, dev.err)
})
