import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  evenRanges,
  groupsIn,
  type HashRange,
  hashKeyOfGroup,
  hashSpace,
  isInRange,
  wholeRange,
} from '../../shared/model/hash-range.ts'
import { limits } from '../../shared/model/limits.ts'
import { Random } from '../codecs/random.ts'

/** Any partition of the hash space: what splits and merges make of it. */
function randomRanges(random: Random): HashRange[] {
  const cuts = Array.from({ length: random.below(9) }, () => {
    const nearGroup = hashKeyOfGroup(random.below(32), 32) + BigInt(random.between(-1, 1))
    const anywhere = BigInt(random.between(1, 2 ** 31)) << 97n
    return random.below(2) === 0 ? nearGroup : anywhere
  })
  const starts = [0n, ...new Set(cuts)].sort((a, b) => (a < b ? -1 : 1))
  return starts.map((from, i) => ({ from, to: i + 1 < starts.length ? starts[i + 1] - 1n : hashSpace - 1n }))
}

test('each key group is in exactly one shard of any split', () => {
  for (let seed = 1; seed <= 200; seed++) {
    const random = new Random(seed)
    const groups = random.pick([1, 2, 3, 31, 32, limits.maxKeyGroups])
    const held = randomRanges(random).flatMap(range => groupsIn(range, groups))
    assert.deepEqual(
      held,
      Array.from({ length: groups }, (_, group) => group),
    )
  }
})

test('even ranges cover the hash space without a gap', () => {
  for (let count = 1; count <= 50; count++) {
    const ranges = evenRanges(count)
    assert.equal(ranges[0].from, 0n)
    assert.equal(ranges[count - 1].to, wholeRange.to)
    for (let i = 1; i < count; i++) assert.equal(ranges[i].from, ranges[i - 1].to + 1n)
  }
})

test('a shard per key group holds one each', () => {
  for (const groups of [1, 2, 32, 64]) {
    assert.deepEqual(
      evenRanges(groups).map(range => groupsIn(range, groups)),
      Array.from({ length: groups }, (_, i) => [i]),
    )
  }
})

test('hash keys of groups ascend and lie within the hash space', () => {
  for (let group = 0; group < limits.maxKeyGroups; group++) {
    const at = hashKeyOfGroup(group, limits.maxKeyGroups)
    assert.ok(isInRange(at, wholeRange))
    if (group > 0) assert.ok(at > hashKeyOfGroup(group - 1, limits.maxKeyGroups))
  }
})
