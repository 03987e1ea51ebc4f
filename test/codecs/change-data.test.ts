import assert from 'node:assert/strict'
import { test } from 'node:test'
import { debezium, dynamodbChanges, isRowChange, MalformedRecordError, type RowChange } from '../../shared/index.ts'

type User = { readonly id: string; readonly name?: string }

const bytesOf = (value: unknown): Buffer => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value))
const refuses = (codec: { decode(bytes: Uint8Array, start: number, end: number): unknown }, value: unknown) => {
  const bytes = bytesOf(value)
  return (message: RegExp) =>
    assert.throws(() => codec.decode(bytes, 0, bytes.length), { name: MalformedRecordError.name, message })
}

/** As AWS documents a record of Kinesis Data Streams for DynamoDB. */
const modified = {
  awsRegion: 'us-west-2',
  eventID: 'a1b2',
  eventName: 'MODIFY',
  userIdentity: null,
  recordFormat: 'application/json',
  tableName: 'users',
  dynamodb: {
    ApproximateCreationDateTime: 1_636_400_000_123,
    Keys: { id: { S: 'u1' } },
    NewImage: { id: { S: 'u1' }, name: { S: 'Ada' } },
    OldImage: { id: { S: 'u1' }, name: { S: 'Eda' } },
    SizeBytes: 59,
  },
  eventSource: 'aws:dynamodb',
}

function dynamodb(record: unknown): RowChange<User> {
  const bytes = Buffer.concat([Buffer.from('xx'), bytesOf(record), Buffer.from('yy')])
  return dynamodbChanges<User>().decode(bytes, 2, bytes.length - 2)
}

test('a DynamoDB change has its row, the row before it and its time', () => {
  assert.deepEqual(dynamodb(modified), {
    kind: 'updateAfter',
    row: { id: 'u1', name: 'Ada' },
    before: { id: 'u1', name: 'Eda' },
    time: 1_636_400_000_123,
  })
  const { NewImage, OldImage, ...rest } = modified.dynamodb
  assert.deepEqual(dynamodb({ ...modified, eventName: 'INSERT', dynamodb: { ...rest, NewImage } }), {
    kind: 'insert',
    row: { id: 'u1', name: 'Ada' },
    time: 1_636_400_000_123,
  })
  assert.deepEqual(dynamodb({ ...modified, eventName: 'REMOVE', dynamodb: { ...rest, OldImage } }), {
    kind: 'delete',
    row: { id: 'u1', name: 'Eda' },
    before: { id: 'u1', name: 'Eda' },
    time: 1_636_400_000_123,
  })
  assert.deepEqual(dynamodb({ ...modified, eventName: 'REMOVE', dynamodb: rest }).row, { id: 'u1' })
})

test('a DynamoDB time in microseconds is one in milliseconds', () => {
  const precise = {
    ...modified.dynamodb,
    ApproximateCreationDateTime: 1_636_400_000_123_987,
    ApproximateCreationDateTimePrecision: 'MICROSECOND',
  }
  assert.equal(dynamodb({ ...modified, dynamodb: precise }).time, 1_636_400_000_123)
})

test('DynamoDB values are plain ones', () => {
  const image = {
    text: { S: 'a' },
    whole: { N: '42' },
    part: { N: '-1.5e3' },
    large: { N: '12345678901234567890' },
    yes: { BOOL: true },
    nothing: { NULL: true },
    bytes: { B: 'AQI=' },
    list: { L: [{ S: 'x' }, { M: { y: { N: '1' } } }] },
    texts: { SS: ['a', 'b'] },
    numbers: { NS: ['1', '2'] },
    blobs: { BS: ['AQ=='] },
  }
  const row = {
    text: 'a',
    whole: 42,
    part: -1_500,
    large: 12_345_678_901_234_567_890n,
    yes: true,
    nothing: null,
    bytes: Uint8Array.of(1, 2),
    list: ['x', { y: 1 }],
    texts: new Set(['a', 'b']),
    numbers: new Set([1, 2]),
    blobs: new Set([Uint8Array.of(1)]),
  }
  const change = dynamodb({ ...modified, dynamodb: { ...modified.dynamodb, NewImage: image } })
  assert.deepEqual(change.row, row)
  const codec = dynamodbChanges<typeof row>()
  const written = codec.encode({ kind: 'insert', row, time: 5 })
  assert.deepEqual(codec.decode(written, 0, written.length), { kind: 'insert', row, time: 5 })
})

test('what is no DynamoDB change says what was found and what was expected', () => {
  const codec = dynamodbChanges<User>()
  refuses(codec, 'no')(/^Cannot read DynamoDB change: found "no", expected a JSON object/)
  refuses(codec, [1])(/found "\[1\]", expected a JSON object$/)
  refuses(codec, { ...modified, eventName: 'CHANGE' })(
    /found "\\"CHANGE\\"" at "eventName", expected INSERT, MODIFY or REMOVE$/,
  )
  refuses(codec, { eventName: 'INSERT' })(/found nothing at "dynamodb", expected an object$/)
  refuses(codec, { ...modified, dynamodb: { ApproximateCreationDateTime: 1 } })(/found nothing at "dynamodb.NewImage"/)
  refuses(codec, { ...modified, dynamodb: { ...modified.dynamodb, ApproximateCreationDateTime: 'x' } })(
    /at "dynamodb.ApproximateCreationDateTime", expected a number$/,
  )
  const withImage = (value: unknown) => ({ ...modified, dynamodb: { ...modified.dynamodb, NewImage: { id: value } } })
  for (const wrong of ['u1', {}, { S: 1 }, { N: 'x' }, { N: '' }, { X: 1 }, { S: 'a', N: '1' }, { L: 'a' }, { M: 'a' }])
    refuses(codec, withImage(wrong))(/^Cannot read a DynamoDB value: found /)
  const checked = dynamodbChanges<User>(() => {
    throw new Error('it has no name')
  })
  refuses(checked, modified)(/^Cannot read DynamoDB change: validate\(\) refused a row: it has no name$/)
})

const updated = {
  before: { id: 'u1', name: 'Eda' },
  after: { id: 'u1', name: 'Ada' },
  source: { connector: 'postgresql', ts_ms: 1_000, snapshot: 'false', db: 'd', table: 'users', lsn: 5 },
  op: 'u',
  ts_ms: 1_050,
  transaction: null,
}

function debezed(record: unknown) {
  const bytes = bytesOf(record)
  return debezium<User>().decode(bytes, 0, bytes.length)
}

test('a Debezium change is the same with and without schema and payload', () => {
  const expected = { kind: 'updateAfter', row: updated.after, before: updated.before, time: 1_000 }
  assert.deepEqual(debezed(updated), expected)
  assert.deepEqual(debezed({ schema: { type: 'struct', fields: [] }, payload: updated }), expected)
})

test('Debezium operations are kinds of changes, and a snapshot read is an insert that says so', () => {
  const { after, before } = updated
  assert.deepEqual(debezed({ ...updated, op: 'c', before: null }), { kind: 'insert', row: after, time: 1_000 })
  assert.deepEqual(debezed({ ...updated, op: 'r', before: null }), {
    kind: 'insert',
    row: after,
    time: 1_000,
    isSnapshot: true,
  })
  assert.deepEqual(debezed({ ...updated, op: 'd', after: null }), { kind: 'delete', row: before, before, time: 1_000 })
  const { source, ...unsourced } = updated
  assert.equal(debezed(unsourced).time, 1_050, `without ${source.connector} time, the connector's`)
})

test('tombstones, truncates and messages of Debezium are notices, which isRowChange lets out', () => {
  const tombstones = ['', 'null', ' null\n', { schema: null, payload: null }]
  for (const each of tombstones) assert.deepEqual(debezed(each), { kind: 'notice', notice: 'tombstone', time: 0 })
  assert.deepEqual(debezed({ op: 't', source: { ts_ms: 7 }, ts_ms: 8 }), {
    kind: 'notice',
    notice: 'truncate',
    time: 7,
  })
  assert.deepEqual(debezed({ op: 'm', ts_ms: 8, message: {} }), { kind: 'notice', notice: 'message', time: 8 })
  assert.equal([updated, 'null'].map(debezed).filter(isRowChange).length, 1)
})

test('what is no Debezium change says what was found and what was expected', () => {
  const codec = debezium<User>()
  refuses(codec, '{')(/^Cannot read Debezium change: found "{", expected a JSON object \(/)
  refuses(codec, {})(/found nothing at "op", expected one of c, u, d, r, t, m$/)
  refuses(codec, { op: 'c', after: { id: 'a' } })(/found nothing at "ts_ms", expected a number$/)
  refuses(codec, { ...updated, op: 'x' })(/found "\\"x\\"" at "op", expected one of c, u, d, r, t, m$/)
  refuses(codec, { ...updated, after: null })(/found "null" at "after", expected an object$/)
  refuses(codec, { ...updated, op: 'd', before: null })(/found "null" at "before", expected an object$/)
  refuses(codec, { payload: 5 })(/found "5" at "payload", expected an object$/)
})

test('Debezium changes are written as they are read', () => {
  const codec = debezium<User>()
  const changes: RowChange<User>[] = [
    { kind: 'insert', row: { id: 'a' }, time: 1 },
    { kind: 'insert', row: { id: 'a' }, time: 1, isSnapshot: true },
    { kind: 'updateAfter', row: { id: 'a', name: 'n' }, before: { id: 'a' }, time: 2 },
    { kind: 'delete', row: { id: 'a' }, before: { id: 'a' }, time: 3 },
  ]
  for (const change of changes) {
    const bytes = codec.encode(change)
    assert.deepEqual(codec.decode(bytes, 0, bytes.length), change)
  }
})
