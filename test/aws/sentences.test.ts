import assert from 'node:assert/strict'
import { test } from 'node:test'
import { awsClients, awsPorts, createStream, createTable } from '../../shared/aws/index.ts'
import { bytes } from '../cloud/clouds.ts'
import { onEmulatedAws, portsOn, testHost } from './aws-test.ts'

const on = await onEmulatedAws()
const commit = { version: 1, start: 1, ring: 4, body: bytes('body') }
const record = { data: bytes('x'), partitionKey: 'key' }

test('a table or stream that does not exist is named, by its name on AWS', async () => {
  const settings = { table: 'no-table', streams: { side: 'prod-side' } }
  const { commits, streams } = awsPorts(settings, on.clients, testHost())
  const createIt = 'does not exist there, deploy the pipeline or create it first'
  await assert.rejects(commits.append('orders/side/0', commit), {
    name: 'StopDeploymentError',
    message: `Cannot store commit 1 to log "orders/side/0": table "no-table" ${createIt}`,
  })
  await assert.rejects(commits.readRing('orders/side/0'), {
    name: 'StopDeploymentError',
    message: `Cannot read log "orders/side/0": table "no-table" ${createIt}`,
  })
  await assert.rejects(streams.putRecords('side', [record]), {
    name: 'StopDeploymentError',
    message: `Cannot put records to stream "side": Kinesis stream "prod-side" ${createIt}`,
  })
  await assert.rejects(streams.listShards('side'), {
    name: 'StopDeploymentError',
    message: `Cannot list the shards of stream "side": Kinesis stream "prod-side" ${createIt}`,
  })
})

test('denied access, expired credentials and throttling are told apart', async () => {
  const { commits } = portsOn(on)
  const cases = {
    AccessDeniedException: [
      'StopDeploymentError',
      'access to table "orders-table" is denied (as the test says), give the role or user that runs this the permission',
    ],
    UnrecognizedClientException: [
      'StopDeploymentError',
      'access to table "orders-table" is denied (as the test says), give the role or user that runs this the permission',
    ],
    ExpiredTokenException: ['StopDeploymentError', 'the AWS credentials have expired, get new ones'],
    SomethingNew: ['RetryBatchError', 'table "orders-table" answered with SomethingNew: as the test says'],
  }
  for (const [error, [name, sentence]] of Object.entries(cases)) {
    on.aws.decide = () => ({ error })
    await assert.rejects(commits.readRing('log'), { name, message: `Cannot read log "log": ${sentence}` })
  }
})

test('an endpoint where nothing listens is a batch to retry, with the reason', async () => {
  const clients = awsClients({ table: 'orders', endpoint: 'http://127.0.0.1:1' }, {})
  await assert.rejects(awsPorts({ table: 'orders' }, clients, testHost()).commits.readRing('log'), {
    name: 'RetryBatchError',
    message: 'Cannot read log "log": table "orders" answered with ECONNREFUSED',
  })
  clients.close()
})

test('files need a bucket', async () => {
  await assert.rejects(portsOn(on).files.write('out', 'a/1.json', bytes('x')), {
    name: 'StopDeploymentError',
    message: 'Cannot write file "a/1.json" of sink "out": no bucket is named, deploy with one or set MILLRACE_BUCKET',
  })
})

test('an item that only its names make too large is refused with a sentence', async () => {
  const body = new Uint8Array(400 * 1024 - 10)
  await assert.rejects(portsOn(on).commits.append('log', { ...commit, body }), {
    name: 'RangeError',
    message: 'Cannot store commit 1 to log "log": it is larger than an item of DynamoDB can be with its names',
  })
})

test('createTable() and createStream() can be repeated, at the same time too', async () => {
  const settings = { table: 'created' }
  await Promise.all([1, 2, 3].map(() => createTable(on.clients, settings)))
  await Promise.all([1, 2, 3].map(() => createStream(on.clients, 'created', 2)))
  await createStream(on.clients, 'created', 5)
  const ports = awsPorts(settings, on.clients, testHost())
  assert.equal((await ports.streams.listShards('created')).length, 2)
  assert.equal(await ports.commits.append('log', commit), 'committed')
})
