import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { sequenceAt } from '../../local/cloud/sequence.ts'
import type { InvocationResult } from '../../local/event-source/function-runner.ts'
import { verdictOf } from '../../local/event-source/verdict.ts'

const sequences = [sequenceAt(7), sequenceAt(8), sequenceAt(10)]
const answered = (response: unknown): InvocationResult => ({ kind: 'answered', response, tally: {} })
const reported = (...identifiers: unknown[]) =>
  answered({ batchItemFailures: identifiers.map(itemIdentifier => ({ itemIdentifier })) })
const kindOf = (result: InvocationResult) => verdictOf(result, sequences, true).kind

describe('a partial batch response', () => {
  test('is success when it is null, empty, or reports a null or empty list', () => {
    const successes = [undefined, null, {}, { batchItemFailures: null }, { batchItemFailures: [] }, { other: 1 }]
    for (const response of successes) assert.equal(kindOf(answered(response)), 'succeeded')
  })

  test('fails from the lowest sequence number that is reported, in whatever order', () => {
    assert.deepEqual(verdictOf(reported(sequences[2], sequences[1]), sequences, true), { kind: 'failedFrom', index: 1 })
    assert.deepEqual(verdictOf(reported(sequences[0]), sequences, true), { kind: 'failedFrom', index: 0 })
  })

  test('fails the whole batch when an identifier is empty, null, unknown or named wrongly', () => {
    for (const identifier of ['', null, undefined, sequenceAt(9), 7]) {
      assert.equal(kindOf(reported(sequences[2], identifier)), 'failed')
    }
    assert.equal(kindOf(answered({ batchItemFailures: [{ itemIdentifer: sequences[0] }] })), 'failed')
  })

  test('fails the whole batch when it is malformed', () => {
    for (const response of [
      'ok',
      1,
      true,
      [],
      { batchItemFailures: {} },
      { batchItemFailures: ['x'] },
      { batchItemFailures: '' },
    ]) {
      assert.equal(kindOf(answered(response)), 'failed')
    }
    const verdict = verdictOf(reported('x'), sequences, true)
    assert.ok(verdict.kind === 'failed' && verdict.error instanceof Error)
    assert.equal(
      verdict.error.message,
      'Cannot read a partial batch response: itemIdentifier "x" is of no record in the batch',
    )
  })

  test('is not looked at when the mapping does not ask for it', () => {
    assert.equal(verdictOf(reported(sequences[0]), sequences, false).kind, 'succeeded')
    assert.equal(verdictOf(answered('ok'), sequences, false).kind, 'succeeded')
  })
})

test('a function that throws fails the whole batch, or stops the mapping when it says so', () => {
  const error = new Error('no')
  assert.deepEqual(verdictOf({ kind: 'failed', error, fatal: false }, sequences, true), { kind: 'failed', error })
  assert.deepEqual(verdictOf({ kind: 'failed', error, fatal: true }, sequences, true), { kind: 'fatal', error })
})
