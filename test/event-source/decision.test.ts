import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { decide, expire, type Part, type RetryRules, wholeBatch } from '../../local/event-source/decision.ts'

const rules: RetryRules = { bisectBatchOnFunctionError: false, maximumRetryAttempts: -1 }
const failed = { kind: 'failed', error: 'no' } as const
const now = 1_000_000

describe('decide()', () => {
  test('advances behind a batch that succeeded', () => {
    assert.deepEqual(decide(wholeBatch(5), { kind: 'succeeded' }, rules, now), {
      kind: 'advance',
      acknowledged: 5,
      next: [],
    })
  })

  test('stops at a fatal failure', () => {
    assert.deepEqual(decide(wholeBatch(5), { kind: 'fatal', error: 'no' }, rules, now), { kind: 'stop', error: 'no' })
  })

  test('retries the same records, each time later, at most 10 seconds', () => {
    const waits: number[] = []
    let part = wholeBatch(5)
    for (let i = 0; i < 10; i++) {
      const decision = decide(part, failed, rules, now)
      assert.ok(decision.kind === 'retry' && decision.acknowledged === 0)
      part = decision.next[0]
      assert.deepEqual([part.from, part.to, part.retries, part.invocations], [0, 5, i + 1, i + 1])
      waits.push(part.notBeforeMs - now)
    }
    assert.deepEqual(waits, [100, 200, 400, 800, 1_600, 3_200, 6_400, 10_000, 10_000, 10_000])
  })

  test('acknowledges what is before the lowest failed record and retries the rest at once', () => {
    const part: Part = { ...wholeBatch(9), from: 2, retries: 3, stalled: 3 }
    assert.deepEqual(decide(part, { kind: 'failedFrom', index: 4 }, rules, now), {
      kind: 'retry',
      acknowledged: 4,
      next: [{ from: 6, to: 9, invocations: 1, retries: 4, stalled: 0, notBeforeMs: now }],
    })
  })

  test('backs off when the first record is the failed one', () => {
    const decision = decide(wholeBatch(3), { kind: 'failedFrom', index: 0 }, rules, now)
    assert.ok(decision.kind === 'retry' && decision.acknowledged === 0)
    assert.equal(decision.next[0].notBeforeMs, now + 100)
  })

  test('discards what is left when the retries have run out', () => {
    const twice = { ...rules, maximumRetryAttempts: 2 }
    const part: Part = { ...wholeBatch(4), retries: 2, invocations: 2 }
    const tried = { ...part, invocations: 3 }
    const condition = 'RetryAttemptsExhausted'
    assert.equal(decide({ ...part, retries: 1 }, failed, twice, now).kind, 'retry')
    assert.deepEqual(decide(part, failed, twice, now), {
      kind: 'discard',
      acknowledged: 0,
      next: [],
      discarded: tried,
      condition,
    })
    const partly = { kind: 'discard', acknowledged: 3, next: [], discarded: { ...tried, from: 3 }, condition }
    assert.deepEqual(decide(part, { kind: 'failedFrom', index: 3 }, twice, now), partly)
  })

  test('bisects without counting it as a retry, until a record is alone', () => {
    const bisecting = { bisectBatchOnFunctionError: true, maximumRetryAttempts: 0 }
    const decision = decide(wholeBatch(3), failed, bisecting, now)
    assert.ok(decision.kind === 'bisect')
    assert.deepEqual(
      decision.next.map(({ from, to, retries, invocations }) => [from, to, retries, invocations]),
      [
        [0, 2, 0, 1],
        [2, 3, 0, 1],
      ],
    )
    assert.equal(decide(decision.next[1], failed, bisecting, now).kind, 'discard')
  })

  test('a partial response takes the place of a bisection', () => {
    const bisecting = { ...rules, bisectBatchOnFunctionError: true }
    assert.equal(decide(wholeBatch(8), { kind: 'failedFrom', index: 2 }, bisecting, now).kind, 'retry')
  })
})

describe('expire()', () => {
  const arrivals = [0, 1_000, 2_000]

  test('discards the records at the front that are older than the limit', () => {
    assert.equal(expire(wholeBatch(3), arrivals, 60, 60_000), undefined)
    assert.deepEqual(expire(wholeBatch(3), arrivals, 60, 61_001), {
      kind: 'discard',
      acknowledged: 0,
      next: [{ ...wholeBatch(3), from: 2 }],
      discarded: { ...wholeBatch(3), to: 2 },
      condition: 'RecordAgeExceeded',
    })
  })

  test('discards a part that is too old as a whole', () => {
    const decision = expire({ ...wholeBatch(7), from: 4 }, arrivals, 60, 1e9)
    assert.ok(decision?.kind === 'discard')
    assert.deepEqual([decision.next, decision.discarded.to], [[], 7])
  })

  test('discards nothing without a limit', () => {
    assert.equal(expire(wholeBatch(3), arrivals, -1, 1e15), undefined)
  })
})
