import assert from 'node:assert/strict'
import { test } from 'node:test'
import { mayAppend, readOf, slotOf } from '../../shared/commit/ring.ts'
import type { StoredCommit } from '../../shared/ports/commit-log.ts'
import { Random } from '../codecs/random.ts'

const commit = (version: number, start: number, ring: number): StoredCommit => ({
  version,
  start,
  ring,
  body: new Uint8Array(),
})

test('a version is appended once, after the one a round before it, and by nobody who lags', () => {
  for (let seed = 1; seed <= 200; seed++) {
    const random = new Random(seed)
    const [ring, start] = [random.between(2, 8), random.below(100)]
    const slots = new Map<number, StoredCommit>()
    let newest = start - 1
    for (let i = 0; i < 100; i++) {
      const version = Math.max(start, newest + random.between(-2 * ring, 1))
      const asked = commit(version, start, ring)
      const slot = slotOf(version, ring)
      assert.equal(mayAppend(asked, slots.get(slot)), version === newest + 1, `version ${version} after ${newest}`)
      if (version !== newest + 1) continue
      slots.set(slot, asked)
      newest = version
    }
    assert.equal(readOf([...slots.values()]).kind, newest < start ? 'empty' : 'whole')
  }
})

test('a read that lacks a version is torn, whichever one and however the slots come', () => {
  for (let seed = 1; seed <= 300; seed++) {
    const random = new Random(seed)
    const [ring, start] = [random.between(2, 8), random.below(50)]
    const newest = start + random.below(30)
    const versions = Array.from({ length: ring }, (_, i) => newest - i).filter(version => version >= start)
    const items = versions.map(version => commit(version, start, ring)).sort(() => random.below(3) - 1)
    const whole = readOf(items)
    assert.equal(whole.kind, 'whole')
    if (whole.kind !== 'whole') continue
    assert.deepEqual(
      whole.commits.map(({ version }) => version),
      [...versions].reverse(),
    )
    assert.equal(whole.newest.version, newest)
    // One version in the middle was not there yet when its slot was read: the slot held the one a round before, or nothing.
    const lost = random.below(versions.length)
    if (versions[lost] === newest) continue
    const older = versions[lost] - ring
    const torn = items.flatMap(item =>
      item.version !== versions[lost] ? [item] : older >= start ? [commit(older, start, ring)] : [],
    )
    assert.equal(readOf(torn).kind, 'torn')
  }
})

test('a read in which the newest version is missing is as of the one before, which is still whole', () => {
  const items = [5, 6, 7, 4].map(version => commit(version, 0, 4))
  const read = readOf(items.filter(({ version }) => version !== 7).concat(commit(3, 0, 4)))
  assert.equal(read.kind === 'whole' && read.newest.version, 6)
})

test('a log without commits is empty', () => {
  assert.deepEqual(readOf([]), { kind: 'empty' })
})
