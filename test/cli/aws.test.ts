import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { awsClients, awsPorts, createTable } from '../../shared/aws/index.ts'
import { encodeBody, noTallies } from '../../shared/commit/commit-body.ts'
import { emptyOutbox } from '../../shared/emit/outbox.ts'
import { beginningOfTime, endOfTime } from '../../shared/model/event-time.ts'
import { type SequenceNumber, sequenceNumber } from '../../shared/model/ids.ts'
import { positionText } from '../../shared/model/position.ts'
import { emulateAws } from '../aws/emulated-aws.ts'
import { bytes } from '../cloud/clouds.ts'
import { fileIn, temporaryFolder, wordCountFile } from './command.ts'
import { millrace, usage } from './commands.ts'

const aws = await emulateAws()
after(() => aws.close())
const folder = temporaryFolder()
const settings = { endpoint: aws.endpoint, region: 'us-east-1', table: 'my-word-count' }
const clients = awsClients(settings)
after(() => clients.close())
await createTable(clients, settings)
const ports = awsPorts(settings, clients, { now: Date.now, random: () => 0, sleep: async () => undefined })

/** Names on the emulator begin with `my-`. */
const onAws = (...args: readonly string[]) => millrace(...args, '--endpoint', aws.endpoint, '--prefix', 'my-')

type Printed = {
  readonly shard: string
  readonly sequence: string
  readonly partitionKey: string
  readonly arrival: number
  readonly data: string
}

const recordsOf = async (stream: string, ...options: readonly string[]): Promise<readonly Printed[]> =>
  (await onAws('consume', stream, '--json', ...options))
    .split('\n')
    .slice(0, -1)
    .map(line => JSON.parse(line))

test('streams creates, lists, splits and merges streams', async () => {
  assert.equal(await onAws('streams', 'create', 'changed', '--shards', '2'), 'Created stream "changed" with 2 shards\n')
  const [lower, upper] = ['shardId-000000000002', 'shardId-000000000003']
  assert.equal(
    await onAws('streams', 'split', 'changed', '1'),
    `Split shardId-000000000001 of stream "changed" into ${lower} and ${upper}\n`,
  )
  assert.equal(
    await onAws('streams', 'merge', 'changed', '2', '3'),
    `Merged ${lower} and ${upper} of stream "changed" into shardId-000000000004\n`,
  )
  const { shards } = JSON.parse(await onAws('streams', 'describe', 'changed', '--json'))
  assert.deepEqual(
    shards.map(({ closed }: { closed: boolean }) => closed),
    [false, true, true, true, false],
  )
  assert.match(await onAws('streams', 'list'), /\nchanged +2 +3 +- +- +-\n/)
  await assert.rejects(
    onAws('consume', 'nope'),
    usage(/^Cannot consume stream "nope": there is no such stream, expected "changed"/),
  )
})

test('produce keeps the lines of a partition key in order, although PutRecords refuses some', async () => {
  await onAws('streams', 'create', 'ordered', '--shards', '2')
  const lines = Array.from({ length: 300 }, (_, i) => `${i},${i % 3}`)
  const file = fileIn(folder, 'ordered.csv', lines.join('\n'))
  let calls = 0
  const refusal = { throttled: (index: number) => index === 0 }
  aws.decide = ({ operation }) => (operation === 'PutRecords' && calls++ % 10 === 3 ? refusal : 'serve')
  const put = await onAws('produce', 'ordered', '--file', file, '--key-column', '2')
  aws.decide = () => 'serve'
  assert.match(put, /^Put 300 records in stream "ordered": (all|\d+) in shardId-/)
  const records = await recordsOf('ordered')
  assert.equal(records.length, 300)
  for (const key of ['0', '1', '2']) {
    assert.deepEqual(
      records.filter(({ partitionKey }) => partitionKey === key).map(({ data }) => data),
      lines.filter(line => line.endsWith(`,${key}`)),
    )
  }
})

test('produce puts lines without a key many at a time, and consume reads across a split', async () => {
  await onAws('streams', 'create', 'split', '--shards', '1')
  const file = fileIn(folder, 'lines.txt', Array.from({ length: 1_000 }, (_, i) => `line ${i}\n`).join(''))
  const before = aws.calls.length
  await onAws('produce', 'split', '--file', file)
  assert.equal(aws.calls.slice(before).filter(({ operation }) => operation === 'PutRecords').length, 2)
  await onAws('streams', 'split', 'split', '0')
  await onAws('produce', 'split', '--file', fileIn(folder, 'more.txt', 'after\n'))
  const records = await recordsOf('split')
  assert.deepEqual(
    records.slice(0, 1_000).map(({ data }) => data),
    Array.from({ length: 1_000 }, (_, i) => `line ${i}`),
  )
  assert.deepEqual(
    records.slice(1_000).map(({ data }) => data),
    ['after'],
  )
  assert.equal(await onAws('consume', 'split', '--limit', '1'), 'line 0\n')
  assert.equal(await onAws('consume', 'split', '--from', 'latest'), '')
})

test('consume takes up a shard again whose iterator has expired', async () => {
  await onAws('streams', 'create', 'expired', '--shards', '1')
  await onAws('produce', 'expired', '--file', fileIn(folder, 'expired.txt', 'a\nb\n'))
  let calls = 0
  aws.decide = ({ operation }) =>
    operation === 'GetRecords' && calls++ % 2 === 0 ? { error: 'ExpiredIteratorException' } : 'serve'
  assert.equal(await onAws('consume', 'expired'), 'a\nb\n')
  aws.decide = () => 'serve'
  assert.ok(calls >= 2, `${calls}`)
})

test('consume --from a time begins with what arrived then', async () => {
  await onAws('streams', 'create', 'timed', '--shards', '1')
  await onAws('produce', 'timed', '--file', fileIn(folder, 'before.txt', 'before\n'))
  const [before] = await recordsOf('timed')
  await sleep(20)
  await onAws('produce', 'timed', '--file', fileIn(folder, 'after.txt', 'after\n'))
  assert.equal(await onAws('consume', 'timed', '--from', String(before.arrival + 1)), 'after\n')
})

test('produce --end tells each open shard that the input has ended', async () => {
  await onAws('streams', 'create', 'ended', '--shards', '3')
  const file = fileIn(folder, 'none.txt', '')
  assert.equal(
    await onAws('produce', 'ended', '--file', file, '--end'),
    'Put 0 records in stream "ended"\nTold 3 shards of stream "ended" that the input has ended\n',
  )
  const printed = await onAws('consume', 'ended', '--control', '--json')
  const controls = printed
    .trim()
    .split('\n')
    .map(line => JSON.parse(line))
  assert.equal(new Set(controls.map(({ shard }) => shard)).size, 3)
  for (const { control } of controls) assert.deepEqual(control, { kind: 'watermark', time: endOfTime })
})

test('query prints the rows of a view of a pipeline that is named', async () => {
  const position = positionText('1', 0, 0)
  const rows = ['be', 'to'].map((key, i) => ({ key, position, value: { key, value: i + 1 } }))
  await ports.views.put('word-count/counts', rows)
  const found = [
    { key: 'be', value: 1 },
    { key: 'to', value: 2 },
  ]
  for (const pipeline of ['word-count', wordCountFile]) {
    assert.deepEqual(JSON.parse(await onAws('query', 'counts', '--pipeline', pipeline, '--json')), found)
  }
  await assert.rejects(
    onAws('query', 'counts'),
    usage('Cannot query view "counts": it is not known of which pipeline, add --pipeline NAME'),
  )
  await assert.rejects(
    onAws('query', 'nope', '--pipeline', wordCountFile),
    usage('Cannot query view "nope": pipeline "word-count" has no such view, expected "counts"'),
  )
})

test('faults puts records back before it removes their letters', async () => {
  await onAws('streams', 'create', 'lines', '--shards', '2')
  const letter = {
    kind: 'record',
    pipelineVersion: '0123456789ab',
    stage: 'lines',
    stream: 'lines',
    place: 'lines shardId-000000000000 1#0',
    sub: 0,
    reason: 'Cannot read it',
    payload: bytes('payload'),
    payloadBytes: 7,
  } as const
  const letters = ['a', 'b', 'c'].map(id => ({ ...letter, id, partitionKey: `key ${id}` }))
  await ports.deadLetters.put('word-count', letters)
  const faults = async () => {
    const document = JSON.parse(await onAws('faults', 'list', 'word-count', '--json'))
    return document.faults.map(({ id }: { id: string }) => id)
  }
  assert.deepEqual(await faults(), ['a', 'b', 'c'])
  assert.match(await onAws('faults', 'show', wordCountFile, 'a'), /\npayload, 7 bytes\npayload\n$/)

  aws.decide = ({ operation }) => (operation === 'DeleteItem' ? { error: 'AccessDeniedException' } : 'serve')
  await assert.rejects(onAws('faults', 'resubmit', 'word-count', 'a'), /remove dead letter "a": access to table/)
  aws.decide = () => 'serve'
  assert.deepEqual(await faults(), ['a', 'b', 'c'])
  assert.equal((await recordsOf('lines')).length, 1)

  assert.equal(await onAws('faults', 'resubmit', 'word-count', 'b', 'c'), 'Put 2 records back\n')
  assert.deepEqual(await faults(), ['a'])
  assert.deepEqual((await recordsOf('lines')).map(({ partitionKey }) => partitionKey).sort(), [
    'key a',
    'key b',
    'key c',
  ])
})

test('status reads the logs, and how long records wait behind them', async () => {
  await onAws('streams', 'create', 'word-count-word', '--shards', '1')
  await onAws('produce', 'word-count-word', '--file', fileIn(folder, 'two.txt', 'one\ntwo\n'))
  const [one, two] = await recordsOf('word-count-word')
  const shardOf = async () => {
    const document = JSON.parse(await onAws('status', wordCountFile, '--json'))
    const [source, keyed] = document.stages
    assert.equal(source.shards[0].behindMs, undefined)
    return keyed.shards[0]
  }
  assert.ok((await shardOf()).behindMs > 0)
  await commit(0, sequenceNumber(one.sequence))
  const waiting = await shardOf()
  assert.ok(waiting.behindMs > 0)
  assert.deepEqual([waiting.version, waiting.watermark], [0, 1_458_678_420_000])
  assert.ok(waiting.stateBytes > 100)
  await commit(1, sequenceNumber(two.sequence))
  const done = await shardOf()
  assert.deepEqual([done.version, done.behindMs], [1, 0])
  const table = await onAws('status', wordCountFile)
  assert.match(table, /\nword +shardId-000000000000 +- +0\.0 s +2016-03-22T20:27:00Z +1 +\d+ bytes\n/)
  assert.match(table, /\nOf a stage that keeps no log .* of function "my-word-count-lines" in CloudWatch\n$/)
})

async function commit(version: number, through: SequenceNumber): Promise<void> {
  const body = encodeBody({
    through: { sequence: through, sub: 0 },
    groups: [{ group: 0, page: undefined, watermark: 1_458_678_420_000, cut: undefined }],
    sourceWatermark: beginningOfTime,
    shards: [],
    announced: {},
    tallies: noTallies,
    sealed: false,
    shape: '',
    delta: [],
    outbox: emptyOutbox,
  })
  const log = 'word-count/word/shardId-000000000000'
  assert.equal(await ports.commits.append(log, { version, start: 0, ring: 64, body }), 'committed')
}

test('status of a pipeline that is not deployed says what to do', async () => {
  await assert.rejects(
    millrace('status', wordCountFile, '--endpoint', aws.endpoint, '--table', 'nope', '--prefix', 'my-'),
    /^StopDeploymentError: Cannot tell how pipeline "word-count" is: table "nope" does not exist there, deploy/,
  )
})

test('a command at an endpoint where nobody is says so', async () => {
  const printed = millrace('streams', 'list', '--endpoint', 'http://127.0.0.1:1')
  await assert.rejects(printed, /^Error: Cannot list the streams: Kinesis answered with ECONNREFUSED$|ECONNREFUSED/)
  await assert.rejects(
    millrace('streams', 'list', '--endpoint', 'localhost'),
    usage('Cannot use --endpoint "localhost": it is not an address, expected something like http://127.0.0.1:4566'),
  )
})
