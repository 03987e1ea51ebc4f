import assert from 'node:assert/strict'
import { test } from 'node:test'
import { onEmulatedAws, portsOn } from './aws-test.ts'

const on = await onEmulatedAws()
const range = (from: number, to: number) => ({ StartingHashKey: String(from), EndingHashKey: String(to) })

test('listShards() reads every page, and a page after the first is asked for by its token alone', async () => {
  const first = {
    Shards: [
      { ShardId: 'shardId-0', HashKeyRange: range(0, 9), SequenceNumberRange: { StartingSequenceNumber: '1' } },
      {
        ShardId: 'shardId-1',
        HashKeyRange: range(10, 19),
        SequenceNumberRange: { StartingSequenceNumber: '1', EndingSequenceNumber: '7' },
      },
    ],
    NextToken: 'more',
  }
  const second = {
    Shards: [
      {
        ShardId: 'shardId-2',
        ParentShardId: 'shardId-1',
        AdjacentParentShardId: 'shardId-0',
        HashKeyRange: range(0, 19),
        SequenceNumberRange: { StartingSequenceNumber: '8' },
      },
    ],
  }
  on.aws.decide = ({ input }) => ({ answer: 'NextToken' in input ? second : first })
  const { streams } = portsOn(on, undefined, { streams: { side: 'prod-side' } })
  assert.deepEqual(await streams.listShards('side'), [
    { id: 'shardId-0', parents: [], range: { from: 0n, to: 9n }, closed: false },
    { id: 'shardId-1', parents: [], range: { from: 10n, to: 19n }, closed: true },
    { id: 'shardId-2', parents: ['shardId-1', 'shardId-0'], range: { from: 0n, to: 19n }, closed: false },
  ])
  assert.deepEqual(
    on.aws.calls.map(({ input }) => input),
    [{ StreamName: 'prod-side' }, { NextToken: 'more' }],
  )
})
