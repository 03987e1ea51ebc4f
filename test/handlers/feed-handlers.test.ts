import assert from 'node:assert/strict'
import { beforeEach, describe, test } from 'node:test'
import type { KinesisStreamEvent } from 'aws-lambda'
import { dynamodb, dynamodbChanges, json, milliseconds, minutes, pipeline, sqs, tumbling } from 'millrace'
import { handlers } from 'millrace/lambda'
import {
  drive,
  dynamodbEvent,
  kinesisEvent,
  lambdaContext,
  resetTestCloud,
  sqsEvent,
  type TestSqsMessage,
  testCloud,
} from 'millrace/testing'
import { recordOf, whyNotResubmitted } from '../../local/cloud/resubmission.ts'
import { userRecordsOf } from '../../local/simulator/user-records.ts'
import { feedKeyOf, feedNameOf } from '../../shared/emit/feed-key.ts'
import { limits } from '../../shared/model/limits.ts'
import { describe as described } from '../../shared/plan/describe.ts'
import { textOfPlan } from '../../shared/plan/describe-text.ts'

type Order = { readonly customer: string; readonly article: string }

const shop = pipeline(
  'shop',
  ({ source }) => {
    const orders = source('orders', { codec: json<Order>(), from: sqs() })
    const byCustomer = orders.keyBy('customer')
    return {
      articles: byCustomer.reduce('articles', (all, order) => ({
        ...order,
        article: `${all.article} ${order.article}`,
      })),
      windows: byCustomer.window(tumbling(minutes(1))).count('windows'),
    }
  },
  { keyGroups: 2 },
)
const deployed = handlers(shop)

const order = (customer: string, article: string, more: Partial<Exclude<TestSqsMessage, string>> = {}) => ({
  body: JSON.stringify({ customer, article }),
  group: customer,
  ...more,
})

/** What has been put on the stream goes through all stages. */
async function articles(): Promise<Record<string, string>> {
  const cloud = testCloud(shop)
  await cloud.deliver('orders', deployed.orders)
  await cloud.deliver('customer', deployed.customer)
  return Object.fromEntries((await cloud.rows('articles')).map(({ key, value }) => [key, value.article]))
}

/** What the feed has put on a source's stream, with what it put together taken apart. */
const putRecords = (events: readonly KinesisStreamEvent[]) =>
  events
    .flatMap(({ Records }) => Records)
    .flatMap(({ kinesis: { data, partitionKey } }) =>
      userRecordsOf({ data: Buffer.from(data, 'base64'), partitionKey }),
    )
const orderRecords = () => putRecords(testCloud(shop).events('orders'))

beforeEach(resetTestCloud)

describe('a source that reads a queue', () => {
  test('puts messages on its stream, named for good, and runs nothing of the pipeline', async () => {
    const sent = '2026-03-01T12:00:00.123Z'
    const event = sqsEvent('orders.fifo', [order('ann', 'pen', { messageId: 'm-1', group: 'a/b', sent })])
    assert.deepEqual(await deployed.orders(event, lambdaContext()), { batchItemFailures: [] })
    const [{ partitionKey, data }] = orderRecords()
    assert.equal(partitionKey, `millrace/${Date.parse(sent)}/m-1/a/b`)
    assert.equal(Buffer.from(data).toString(), '{"customer":"ann","article":"pen"}')
    assert.deepEqual(feedNameOf(partitionKey), { atMs: Date.parse(sent), id: 'm-1', key: 'a/b' })
    assert.deepEqual(await testCloud(shop).rows('articles'), [])
  })

  test('counts each message once, however often it comes, and keeps the order of a group', async () => {
    const [pen, cup, ink] = ['pen', 'cup', 'ink'].map(article => order('ann', article, { messageId: article }))
    await deployed.orders(sqsEvent('orders.fifo', [pen, order('bob', 'hat'), cup]), lambdaContext())
    await deployed.orders(sqsEvent('orders.fifo', [pen]), lambdaContext())
    assert.deepEqual(await articles(), { ann: 'pen cup', bob: 'hat' })
    await deployed.orders(sqsEvent('orders.fifo', [pen, cup, ink]), lambdaContext())
    testCloud().evict()
    assert.deepEqual(await articles(), { ann: 'pen cup ink', bob: 'hat' })
  })

  test('spreads the messages of a queue that keeps no order, though fair queues give them groups', async () => {
    const fair = sqsEvent('orders', [order('ann', 'pen', { messageId: 'm-1' })])
    const [record] = fair.Records
    const attributes = { ...record.attributes, MessageGroupId: 'tenant' }
    await deployed.orders({ Records: [{ ...record, attributes }] }, lambdaContext())
    assert.equal(feedNameOf(orderRecords()[0].partitionKey)?.key, feedKeyOf('m-1'))
  })

  test('takes the time at which a message was sent for its event time', async () => {
    const at = Date.parse('2026-03-01T12:00:30Z')
    await deployed.orders(sqsEvent('orders', [order('ann', 'pen', { sent: at })]), lambdaContext())
    await deployed.orders(sqsEvent('orders', [order('ann', 'cup', { sent: at + 60_000 })]), lambdaContext())
    await articles()
    const [{ window, value }] = await testCloud(shop).rows('windows')
    assert.deepEqual([window.start, value], [Date.parse('2026-03-01T12:00:00Z'), 1])
  })

  test('gives a message that no stream takes for its size back to the queue, and says so', async () => {
    const large = { messageId: 'large', body: JSON.stringify('x'.repeat(limits.kinesisRecordBytes)), group: 'ann' }
    const event = sqsEvent('orders.fifo', [order('ann', 'pen'), large, order('ann', 'cup')])
    const said: string[] = []
    const context = lambdaContext({ onGivenBack: reason => said.push(reason) })
    assert.deepEqual(await deployed.orders(event, context), { batchItemFailures: [{ itemIdentifier: 'large' }] })
    assert.equal(said.length, 1)
    assert.match(
      said[0],
      /^Cannot put message "large" on stream "orders": it has 10486\d\d bytes with its partition key, at most 1048576 would be right, it goes back/,
    )
    assert.deepEqual(await articles(), { ann: 'pen cup' })
  })

  test('has nothing to do for an event of nothing', async () => {
    assert.deepEqual(await deployed.orders({ Records: [] }, lambdaContext()), { batchItemFailures: [] })
    assert.deepEqual(orderRecords(), [])
  })

  test('refuses records of another feed', async () => {
    await assert.rejects(deployed.orders(dynamodbEvent('users', [{ keys: { id: 'u1' } }]), lambdaContext()), {
      name: 'StopDeploymentError',
      message:
        'Cannot feed source "orders": records of "aws:dynamodb" came, expected those of "aws:sqs", a queue of SQS',
    })
    const plain = pipeline('plain', ({ source }) => ({
      out: source('orders', { codec: json<Order>() }).forEach(() => {}),
    }))
    await assert.rejects(handlers(plain).orders(sqsEvent('orders', ['{}']), lambdaContext()), {
      message: 'Cannot read the event: it has no Kinesis records, expected an event of a Kinesis event source mapping',
    })
  })

  test('takes what no feed put as it comes: a local run, a producer of your own', async () => {
    const same = { data: '{"customer":"ann","article":"pen"}', partitionKey: 'ann' }
    await deployed.orders(kinesisEvent('orders', [same, same]), lambdaContext())
    assert.deepEqual(await articles(), { ann: 'pen pen' })
    const run = drive(shop)
    await run.orders.push({ customer: 'ann', article: 'pen' }, { customer: 'ann', article: 'pen' })
    assert.deepEqual(
      run.articles.rows().map(({ value }) => value.article),
      ['pen pen'],
    )
  })

  test('takes a dead letter back under an id of its own, which counts once too', async () => {
    const broken = order('ann', 'pen', { messageId: 'm-1', body: '{"customer":"ann"' })
    await deployed.orders(sqsEvent('orders.fifo', [broken, order('ann', 'cup')]), lambdaContext())
    await deployed.orders(sqsEvent('orders.fifo', [broken]), lambdaContext())
    assert.deepEqual(await articles(), { ann: 'cup' })
    const letters = await testCloud(shop).deadLetters()
    assert.deepEqual(
      letters.map(({ kind, stage }) => [kind, stage]),
      [['record', 'orders']],
    )
    // The codec has been mended, and the letter is put back, by accident twice.
    const lenient = { ...json<Order>(), decode: () => ({ customer: 'ann', article: 'pen' }) }
    const mended = pipeline('shop', ({ source }) => ({
      pens: source('orders', { codec: lenient, from: sqs() })
        .keyBy('buyer', ({ customer }) => customer)
        .count('pens'),
    }))
    const again = handlers(mended)
    const back = [...letters, ...letters].map(recordOf)
    assert.deepEqual(letters.map(whyNotResubmitted), [undefined])
    await again.orders(kinesisEvent('orders', back), lambdaContext())
    await testCloud(mended).deliver('buyer', again.buyer)
    assert.deepEqual(await testCloud(mended).rows('pens'), [{ key: 'ann', value: 1 }])
  })
})

type User = { readonly id: string; readonly name: string; readonly bytes?: Uint8Array; readonly tags?: Set<Uint8Array> }

const directory = (onMalformed: 'deadLetter' | 'skip' | 'fail' = 'deadLetter') =>
  pipeline('directory', ({ source }) => {
    const changes = source('users', { codec: dynamodbChanges<User>(), from: dynamodb(), onMalformed })
    return {
      users: changes.keyBy('user', ({ row }) => row.id).materialize('users'),
    }
  })

describe('a source that reads the stream of a table', () => {
  const users = directory()
  const fed = handlers(users)
  const settle = async (): Promise<void> => {
    await testCloud(users).deliver('users', fed.users)
    await testCloud(users).deliver('user', fed.user)
  }

  test('puts changes as Kinesis Data Streams for DynamoDB would, each once and in the order of its item', async () => {
    const at = Date.parse('2026-03-01T12:00:00.250Z')
    const bytes = Buffer.from('\u0000ÿ')
    const now = { id: 'u1', name: 'Ada', bytes, tags: new Set([bytes]) }
    const event = dynamodbEvent('users', [
      { keys: { id: 'u1' }, now, at, eventId: 'e1' },
      { keys: { id: 'u2' }, now: { id: 'u2', name: 'Bob' }, at, eventId: 'e2' },
      { keys: { id: 'u1' }, before: now, now: { ...now, name: 'Ada L' }, at: at + 5, eventId: 'e3' },
      { keys: { id: 'u2' }, before: { id: 'u2', name: 'Bob' }, at: at + 6, eventId: 'e4' },
    ])
    await fed.users(event, lambdaContext())
    await fed.users(event, lambdaContext())
    const [{ data }] = putRecords(testCloud(users).events('users'))
    assert.deepEqual(JSON.parse(Buffer.from(data).toString()), {
      awsRegion: 'eu-central-1',
      eventID: 'e1',
      eventName: 'INSERT',
      userIdentity: null,
      recordFormat: 'application/json',
      tableName: 'users',
      dynamodb: {
        ApproximateCreationDateTime: at,
        Keys: { id: { S: 'u1' } },
        NewImage: { id: { S: 'u1' }, name: { S: 'Ada' }, bytes: { B: 'AMO/' }, tags: { BS: ['AMO/'] } },
      },
      eventSource: 'aws:dynamodb',
    })
    await settle()
    const rows = await testCloud(users).rows('users')
    assert.deepEqual(
      rows.map(({ key, value }) => [key, value.name, value.bytes, value.tags]),
      [['u1', 'Ada L', new Uint8Array(bytes), new Set([new Uint8Array(bytes)])]],
    )
  })

  test('names an item by its keys, whatever their order and length', async () => {
    const keys = { id: 'x'.repeat(2_000), sort: 7 }
    const [one, other] = [keys, { sort: 7, id: keys.id }].map(each => ({ keys: each, now: each }))
    await fed.users(dynamodbEvent('users', [one, other]), lambdaContext())
    const names = putRecords(testCloud(users).events('users')).map(({ partitionKey }) => feedNameOf(partitionKey))
    assert.equal(names[0]?.key, names[1]?.key)
    assert.notEqual(names[0]?.id, names[1]?.id)
  })

  const large = dynamodbEvent('users', [
    { keys: { id: 'u1' }, now: { id: 'u1', name: 'x'.repeat(limits.kinesisRecordBytes) }, eventId: 'e1' },
    { keys: { id: 'u2' }, now: { id: 'u2', name: 'Bob' }, eventId: 'e2' },
  ])

  test('makes a dead letter of a change that no stream takes for its size', async () => {
    await fed.users(large, lambdaContext())
    await fed.users(large, lambdaContext())
    await settle()
    assert.deepEqual(
      (await testCloud(users).rows('users')).map(({ key }) => key),
      ['u2'],
    )
    const [letter, ...others] = await testCloud(users).deadLetters()
    assert.equal(others.length, 0)
    assert.equal(letter.kind, 'change')
    assert.equal(letter.place, 'users e1')
    assert.equal(letter.payload.length, limits.deadLetterBytes)
    assert.match(letter.reason, /^Cannot put the change on stream "users": it has 10\d{5} bytes/)
    assert.match(whyNotResubmitted(letter) ?? '', /too large/)
  })

  test('skips it, or stops at it, where its policy says so', async () => {
    await handlers(directory('skip')).users(large, lambdaContext())
    assert.deepEqual(await testCloud(users).deadLetters(), [])
    await assert.rejects(handlers(directory('fail')).users(large, lambdaContext()), {
      name: 'StopDeploymentError',
      message: /^Cannot put change "e1" on stream "users": it has/,
    })
  })
})

test('explain says where such a source reads, and how long ids are kept', () => {
  const text = textOfPlan(described(shop.plan))
  assert.match(text, /^stage orders \(transient\)/m)
  assert.match(
    text,
    /reads +source "orders" from a queue of SQS, each message once: ids are kept for 15 days, as json, up to 0 ms out of order/,
  )
  assert.match(text, /guarantee +exactly once: .*; of records with one id the first that claims it counts/)
})

test('a time to remember ids that makes no sense is refused', () => {
  assert.throws(() => sqs({ remember: milliseconds(0) }), {
    name: 'ConfigurationError',
    message: 'Cannot read a queue of SQS: it is to remember ids for no time, expected a time above',
  })
  assert.throws(() => dynamodb({ remember: milliseconds(0) }), /^ConfigurationError: Cannot read the stream of a/)
})
