import { test } from 'node:test'
import { hostileOrders, hostileWordCount } from './examples.ts'

/** LocalStack, or its like, that whoever runs this has started. */
const endpoint = process.env.MILLRACE_ENDPOINT
const skip =
  endpoint === undefined ? (process.env.MILLRACE_NO_ENDPOINT ?? 'MILLRACE_ENDPOINT names no LocalStack') : false
const seed = Number(process.env.MILLRACE_SEED ?? Date.now() % 1_000_000)

test('word-count on LocalStack comes to the batch result, whatever goes wrong', { skip, timeout: 240_000 }, async t => {
  t.diagnostic(`seed ${seed}: ${await hostileWordCount({ ...on(endpoint), seed, count: 100, mostOfAKind: 2 })}`)
})

test('orders on LocalStack come to the batch result, whatever goes wrong', { skip, timeout: 360_000 }, async t => {
  t.diagnostic(`seed ${seed}: ${await hostileOrders({ ...on(endpoint), seed, count: 200, mostOfAKind: 1 })}`)
})

const on = (url = '') => ({ endpoint: url, mostShards: 2 })
