import assert from 'node:assert/strict'
import {
  evenRanges,
  hashKeyOfGroup,
  hashKeyOfPartitionKey,
  hashSpace,
  isInRange,
} from '../../shared/model/hash-range.ts'
import { compareSequenceNumbers } from '../../shared/model/ids.ts'
import { limits } from '../../shared/model/limits.ts'
import type { PutOutcome, PutRecord, ShardDescription, StreamsPort } from '../../shared/ports/streams.ts'
import { bytes, text } from '../cloud/clouds.ts'
import { type Subject, uniqueName } from './subject.ts'
import { type SubjectSpec, suiteOf } from './suite.ts'

/** What StreamsPort promises. */
export function streamsSuite(spec: SubjectSpec): void {
  suiteOf('streams', spec, declare => {
    declare('listShards() tells ids, ranges and that all are open', async subject => {
      const stream = await made(subject, 4)
      const shards = await shardsOf(subject.ports.streams, stream)
      assert.deepEqual(
        shards.map(({ parents, closed }) => ({ parents, closed })),
        Array.from({ length: 4 }, () => ({ parents: [], closed: false })),
      )
      const [first, ...others] = shards.map(({ range }) => range)
      assert.equal(first.from, 0n)
      for (const [i, { from }] of others.entries()) assert.equal(from, shards[i].range.to + 1n)
      assert.equal(others[2].to, hashSpace - 1n)
      assert.deepEqual([...new Set(shards.map(({ id }) => id))].length, 4)
    })

    declare(
      'putRecords() answers in the order asked, and each record is in the shard of its hash key',
      async subject => {
        const stream = await made(subject, 3)
        const shards = await shardsOf(subject.ports.streams, stream)
        const records = Array.from({ length: 60 }, (_, i): PutRecord => {
          const record = { data: bytes(`record ${i}`), partitionKey: `key ${i % 7}` }
          return i % 2 === 0 ? record : { ...record, explicitHashKey: hashKeyOfGroup(i % 32, 32) }
        })
        const outcomes = await subject.ports.streams.putRecords(stream, records)
        assert.equal(outcomes.length, records.length)
        const read = new Map(
          await Promise.all(shards.map(async ({ id }) => [id, await subject.read(stream, id)] as const)),
        )
        for (const [i, outcome] of outcomes.entries()) {
          const { shard, sequence } = accepted(outcome)
          const at = records[i].explicitHashKey ?? hashKeyOfPartitionKey(records[i].partitionKey)
          assert.equal(shard, shards.find(({ range }) => isInRange(at, range))?.id)
          const found = read.get(shard)?.find(record => record.sequence === sequence)
          assert.deepEqual(
            [found?.partitionKey, text(found?.data ?? bytes(''))],
            [records[i].partitionKey, `record ${i}`],
          )
        }
      },
    )

    declare('a record that was acknowledged stands before any whose put begins later', async subject => {
      const stream = await made(subject, 1)
      const [{ id }] = await shardsOf(subject.ports.streams, stream)
      const texts = Array.from({ length: 12 }, (_, i) => `record ${i}`)
      const sequences = []
      for (const data of texts) sequences.push(accepted((await put(subject, stream, [data]))[0]).sequence)
      assert.deepEqual([...sequences].sort(compareSequenceNumbers), sequences)
      const read = await subject.read(stream, id)
      assert.deepEqual(
        read.map(({ data }) => text(data)),
        texts,
      )
    })

    declare('puts at the same time are all kept', async subject => {
      const stream = await made(subject, 2)
      const texts = Array.from({ length: 10 }, (_, i) => Array.from({ length: 20 }, (__, j) => `${i}/${j}`))
      await Promise.all(texts.map(data => put(subject, stream, data)))
      const shards = await shardsOf(subject.ports.streams, stream)
      const read = (await Promise.all(shards.map(({ id }) => subject.read(stream, id)))).flat()
      assert.deepEqual(read.map(({ data }) => text(data)).sort(), texts.flat().sort())
    })

    declare('putRecords() takes 500 records, and refuses a call of more', async subject => {
      const stream = await made(subject, 1)
      const record = { data: bytes('x'), partitionKey: 'key' }
      const most = Array.from({ length: limits.putRecordsCount }, () => record)
      for (const outcome of await subject.ports.streams.putRecords(stream, most)) accepted(outcome)
      await assert.rejects(subject.ports.streams.putRecords(stream, [...most, record]), {
        name: 'RangeError',
        message: `Cannot put records to stream "${stream}": 501 in one call, at most 500 would be right`,
      })
    })

    declare('a record that breaks a limit is refused alone, with the reason', async subject => {
      const stream = await made(subject, 1)
      const tooLarge = { data: new Uint8Array(limits.kinesisRecordBytes), partitionKey: 'key' }
      const tooLong = { data: bytes('x'), partitionKey: 'k'.repeat(257) }
      const outOfSpace = { data: bytes('x'), partitionKey: 'key', explicitHashKey: 1n << 128n }
      const right = { data: bytes('right'), partitionKey: 'key' }
      const outcomes = await subject.ports.streams.putRecords(stream, [tooLarge, tooLong, right, outOfSpace])
      assert.deepEqual(
        outcomes.map(outcome => (outcome.kind === 'refused' ? outcome.reason : 'accepted')),
        [
          'it has 1048579 bytes with its partition key, at most 1048576 would be right',
          'its partition key has 257 characters, 1 to 256 would be right',
          'accepted',
          'its explicit hash key is 340282366920938463463374607431768211456, 0 to 2^128 - 1 would be right',
        ],
      )
      const [{ id }] = await shardsOf(subject.ports.streams, stream)
      assert.equal((await subject.read(stream, id)).length, 1)
    })

    declare('a record of the greatest size is kept', async subject => {
      const stream = await made(subject, 1)
      const data = new Uint8Array(limits.kinesisRecordBytes - 3).fill(7)
      accepted((await subject.ports.streams.putRecords(stream, [{ data, partitionKey: 'key' }]))[0])
      const [{ id }] = await shardsOf(subject.ports.streams, stream)
      assert.equal(Buffer.compare((await subject.read(stream, id))[0].data, data), 0)
    })

    declare('a split closes the parent, whose records stay, and names it to its children', async subject => {
      const stream = await made(subject, 1)
      const { streams } = subject.ports
      await put(subject, stream, ['before'])
      const [parent] = await shardsOf(streams, stream)
      await subject.splitShard(stream, parent)
      const [first, ...children] = await shardsOf(streams, stream)
      assert.deepEqual([first.id, first.closed], [parent.id, true])
      assert.deepEqual(
        children.map(({ parents, range, closed }) => ({ parents, range, closed })),
        evenRanges(2).map(range => ({ parents: [parent.id], range, closed: false })),
      )
      const outcome = accepted((await put(subject, stream, ['after']))[0])
      assert.ok(children.some(({ id }) => id === outcome.shard))
      assert.equal((await subject.read(stream, parent.id)).length, 1)
    })

    declare('a merge closes both parents and names them to its child', async subject => {
      const stream = await made(subject, 2)
      const { streams } = subject.ports
      const [lower, upper] = await shardsOf(streams, stream)
      await subject.mergeShards(stream, lower.id, upper.id)
      const shards = await shardsOf(streams, stream)
      const child = shards.at(-1)
      assert.deepEqual(
        shards.map(({ closed }) => closed),
        [true, true, false],
      )
      assert.deepEqual([...(child?.parents ?? [])].sort(), [lower.id, upper.id].sort())
      assert.deepEqual(child?.range, evenRanges(1)[0])
    })
  })
}

async function made(subject: Subject, shards: number): Promise<string> {
  const stream = uniqueName('stream')
  await subject.createStream(stream, shards)
  return stream
}

const put = (subject: Subject, stream: string, data: readonly string[]): Promise<readonly PutOutcome[]> =>
  subject.ports.streams.putRecords(
    stream,
    data.map(record => ({ data: bytes(record), partitionKey: record })),
  )

function accepted(outcome: PutOutcome): Extract<PutOutcome, { kind: 'accepted' }> {
  if (outcome.kind === 'accepted') return outcome
  throw new assert.AssertionError({ message: `A record was refused: ${outcome.reason}` })
}

const shardsOf = async (streams: StreamsPort, stream: string): Promise<ShardDescription[]> =>
  [...(await streams.listShards(stream))].sort((a, b) => (a.id < b.id ? -1 : 1))
