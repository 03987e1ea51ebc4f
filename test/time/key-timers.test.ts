import assert from 'node:assert/strict'
import { test } from 'node:test'
import { KeyTimers } from '../../shared/time/key-timers.ts'
import { Random } from '../codecs/random.ts'

test('timers come out by time, then key, at most one a key, the earliest that was asked for', () => {
  for (let seed = 1; seed <= 300; seed++) {
    const random = new Random(seed)
    const timers = new KeyTimers()
    const naive = new Map<string, number>()
    const earliest = () =>
      [...naive].map(([id, at]) => ({ at, id })).sort((a, b) => a.at - b.at || (a.id < b.id ? -1 : 1))[0]
    for (let i = 0; i < 200; i++) {
      const id = `k${random.below(8)}`
      const dice = random.below(10)
      if (dice < 6) {
        const at = random.between(-20, 20)
        timers.schedule(id, at)
        naive.set(id, Math.min(at, naive.get(id) ?? Number.POSITIVE_INFINITY))
      } else if (dice < 9 && naive.size > 0) {
        assert.deepEqual(timers.take(), earliest())
        naive.delete(earliest().id)
      } else {
        timers.cancel(id)
        naive.delete(id)
      }
      assert.equal(timers.size, naive.size)
      assert.equal(timers.earliest, earliest()?.at ?? Number.POSITIVE_INFINITY)
    }
  }
})
