import assert from 'node:assert/strict'
import { test } from 'node:test'
import { json, pipeline } from '../../shared/index.ts'
import { compileChain } from '../../shared/runtime/chain.ts'

type Value = { readonly id: string; readonly n: number }

const { plan } = pipeline('p', ({ source }) => {
  const values = source('values', { codec: json<Value>() }).keyBy('id')
  const table = values.latest('y-table')
  const counts = values.count('z-counts')
  const both = table.filter(row => row.value.n > 0).joinTable('c-both', counts, value => value.n)
  return { both, a: both.changes('a-log').forEach(() => {}), b: counts.changes('b-log').forEach(() => {}) }
})

test('timers of one time fire and rows are flushed by no operator before one whose rows it takes', () => {
  const stage = plan.stages.find(({ name }) => name === 'id')
  assert.ok(stage !== undefined)
  const context = {
    watermarks: new Float64Array(32),
    arrivalMs: 0,
    weight: 1,
    tallies: { late: 0, expired: 0 },
    isDiscarding: false,
    firedUntil: () => 0,
    fired: () => {},
  }
  const outputs = { message: () => {}, place: () => 0, broadcast: () => {}, row: () => {}, send: () => {} }
  const { operators, downwards } = compileChain(stage, context, outputs)
  const names = operators.map(({ name }) => name)
  assert.deepEqual(names, ['y-table', 'z-counts', 'b-log', 'c-both', 'a-log'])
  const flushed = downwards.map(({ name }) => name)
  for (const [giver, taker] of [
    ['y-table', 'c-both'],
    ['z-counts', 'c-both'],
    ['z-counts', 'b-log'],
    ['c-both', 'a-log'],
  ])
    assert.ok(flushed.indexOf(giver) < flushed.indexOf(taker), `${giver} before ${taker}`)
})
