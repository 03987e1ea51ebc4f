import assert from 'node:assert/strict'
import { test } from 'node:test'
import { drive } from 'millrace/testing'
import { milliseconds, minutes, pipeline, seconds, TimeoutError, tumbling } from '../../shared/index.ts'
import { enriching, order, orders } from './enriching.ts'

test('results come in the order of the records, whatever order the calls end in', async () => {
  const waiting: (() => void)[] = []
  const fetch = (key: string) =>
    new Promise<string>(resolve => {
      waiting.push(() => resolve(`country of ${key}`))
      if (waiting.length === 4) for (const go of waiting.toReversed()) go()
    })
  const run = drive(enriching({ fetch }))
  await run.orders.push(order(1), order(2), order(3), order(4), order(5, 'c1'))
  assert.deepEqual(
    run.out.values(),
    [1, 2, 3, 4, 5].map(id => ({ id, country: `country of c${id === 5 ? 1 : id}` })),
  )
  assert.equal(waiting.length, 4, 'a key that two records of a batch share is asked for once')
})

test('what a cache holds is not asked for again, until its time is over or others took its place', async () => {
  const asked: string[] = []
  const fetch = async (key: string) => {
    asked.push(key)
    return key === 'c3' ? undefined : key
  }
  const run = drive(enriching({ fetch, cache: { most: 2, ttl: minutes(1) } }))
  await run.orders.push(order(1), order(3))
  await run.orders.push(order(1), order(3))
  assert.deepEqual(asked, ['c1', 'c3'])
  run.advanceClock(60_000)
  await run.orders.push(order(1), order(3))
  assert.deepEqual(asked, ['c1', 'c3', 'c1', 'c3'])
  await run.orders.push(order(2))
  await run.orders.push(order(3), order(1))
  assert.deepEqual(asked.slice(4), ['c2', 'c1'])
  run.evict()
  await run.orders.push(order(1))
  assert.deepEqual(asked.slice(6), ['c1'])
  assert.deepEqual(run.out.values().at(-2), { id: 1, country: 'c1' })
})

test('a cache may forget that there is nothing, and without one every batch asks', async () => {
  let calls = 0
  const fetch = async () => {
    calls++
    return undefined
  }
  const run = drive(enriching({ fetch, cache: { most: 2, ttl: minutes(1), missing: false } }))
  await run.orders.push(order(1), order(1))
  await run.orders.push(order(1))
  assert.equal(calls, 2)
  const other = drive(enriching({ fetch }))
  await other.orders.push(order(1), order(1))
  await other.orders.push(order(1))
  assert.equal(calls, 4)
})

test('a cache that is smaller than the batch changes no result', async () => {
  const run = drive(enriching({ fetch: async key => key, cache: { most: 1, ttl: seconds(1) } }))
  await run.orders.push(...Array.from({ length: 20 }, (_, i) => order(i, `c${i % 7}`)))
  const inOrder = run.out.values().toSorted((a, b) => a.id - b.id)
  assert.deepEqual(
    inOrder,
    Array.from({ length: 20 }, (_, id) => ({ id, country: `c${id % 7}` })),
  )
})

test('no more calls than asked for are under way at a time', async () => {
  let now = 0
  let most = 0
  const fetch = async (key: string) => {
    most = Math.max(most, ++now)
    for (let i = 0; i < 10; i++) await undefined
    now--
    return key
  }
  const run = drive(enriching({ fetch, concurrency: 3 }))
  await run.orders.push(...Array.from({ length: 20 }, (_, i) => order(i)))
  assert.equal(most, 3)
  assert.equal(run.out.values().length, 20)
})

test('a call that fails is repeated', async () => {
  let calls = 0
  const fetch = async (key: string) => {
    if (++calls < 3) throw new Error('503')
    return key
  }
  const run = drive(enriching({ fetch }))
  await run.orders.push(order(1))
  assert.equal(calls, 3)
  assert.deepEqual(run.out.values(), [{ id: 1, country: 'c1' }])
})

test('a record whose calls have all failed is a dead letter that says why, the others go on', async () => {
  const asked: string[] = []
  const fetch = async (key: string) => {
    asked.push(key)
    if (key === 'c2' || key === 'c4') throw new Error('503 of the customer service')
    return key
  }
  const run = drive(enriching({ fetch, retries: 1 }))
  await run.orders.push(order(1), order(2), order(3), order(4), order(5, 'c2'), order(6))
  assert.deepEqual(
    run.out.values().map(({ id }) => id),
    [1, 3, 6],
  )
  assert.deepEqual(
    run.deadLetters().map(({ reason, operator, text }) => ({ reason, operator, text })),
    [2, 4, 5].map(id => ({
      reason: `Cannot run operator "customers": no answer for key "c${id === 5 ? 2 : id}": 503 of the customer service, tried 2 times`,
      operator: 'customers',
      text: JSON.stringify(order(id, id === 5 ? 'c2' : `c${id}`)),
    })),
  )
  assert.deepEqual(asked.toSorted(), ['c1', 'c2', 'c2', 'c3', 'c4', 'c4', 'c6'], 'a failure stands for the batch')
})

test('more failures in one batch than rounds without a commit are allowed', async () => {
  const fetch = async (): Promise<string> => {
    throw new Error('down')
  }
  const run = drive(enriching({ fetch, retries: 0 }))
  await run.orders.push(...Array.from({ length: 60 }, (_, i) => order(i)))
  assert.equal(run.deadLetters().length, 60)
})

test('a call ends when its time is over by the clock of the driver', async () => {
  const aborted: boolean[] = []
  const fetch = (key: string, { signal }: { readonly signal: AbortSignal }) => {
    if (key === 'c1') return Promise.resolve(key)
    return new Promise<string>(() => {
      signal.addEventListener('abort', () => aborted.push(signal.aborted))
      run.advanceClock(2_000)
    })
  }
  const run = drive(enriching({ fetch, retries: 1, concurrency: 1 }))
  await run.orders.push(order(1), order(2))
  assert.deepEqual(run.out.values(), [{ id: 1, country: 'c1' }])
  assert.deepEqual(aborted, [true, true])
  assert.match(run.deadLetters()[0].reason, /no answer for key "c2": it took longer than 2000 ms, tried 2 times/)
})

test('a value may stand in for an answer, and is not cached', async () => {
  let calls = 0
  const fetch = async (): Promise<string> => {
    calls++
    if (calls <= 1) throw new Error('503')
    run.advanceClock(5_000)
    return 'too late'
  }
  const orElse = (key: string, error: Error) => `${key} ${error instanceof TimeoutError ? 'in time?' : error.message}`
  const run = drive(enriching({ fetch, retries: 0, orElse, cache: { most: 9, ttl: minutes(1) } }))
  await run.orders.push(order(1), order(1))
  await run.orders.push(order(1))
  assert.deepEqual(
    run.out.values().map(({ country }) => country),
    ['c1 503', 'c1 503', 'c1 in time?'],
  )
})

type Counted = { readonly key: string; readonly value: number }

test('lookups one behind the other, behind unions, branches and aggregates', async () => {
  const asked: string[] = []
  const fetchAll = async (keys: readonly string[]) => {
    asked.push(keys.join(' '))
    return new Map(keys.map(key => [key, `${key}!`]))
  }
  const program = pipeline(
    'program',
    ({ source }) => {
      const left = source('left', orders)
      const right = source('right', orders)
      const named = left
        .union(right)
        .lookup('first', { key: ({ customer }) => customer, fetchAll, keysPerCall: 2 }, ({ id }, name) => ({
          id,
          name,
        }))
        .lookup('second', { key: ({ name }) => name, fetchAll }, ({ id }, name = '') => ({ id, name }))
      const counts = named.keyBy('name').count('counts')
      return {
        counts,
        said: counts
          .lookup('third', { key: ({ key }) => key, fetchAll }, ({ value }, key = ''): Counted => ({ key, value }))
          .forEach(() => {}),
      }
    },
    { keyGroups: 1 },
  )
  const run = drive(program)
  await run.left.push(order(1), order(2), order(3), order(4, 'c1'))
  assert.deepEqual(run.counts.rows(), [
    { key: 'c1!!', value: 2 },
    { key: 'c2!!', value: 1 },
    { key: 'c3!!', value: 1 },
  ])
  assert.deepEqual(run.said.values().toSorted(byKey), [
    { key: 'c1!!!', value: 2 },
    { key: 'c2!!!', value: 1 },
    { key: 'c3!!!', value: 1 },
  ])
  assert.deepEqual(asked, ['c1 c2', 'c3', 'c1! c2! c3!', 'c1!! c2!! c3!!'])
  await run.right.push(order(9))
  assert.deepEqual(run.said.values().at(-1), { key: 'c9!!!', value: 1 })
})

const byKey = (a: Counted, b: Counted): number => (a.key < b.key ? -1 : 1)

test('rows of windows whose answer fails are dead letters of their timers, other windows go on', async () => {
  const fetch = async (key: string) => {
    if (key === 'c1') throw new Error('503')
    return key
  }
  const program = pipeline(
    'program',
    ({ source }) => {
      const rows = source('orders', orders)
        .keyBy('customer')
        .window(tumbling(milliseconds(10)))
        .count('per-customer', { emit: 'final' })
      const options = { key: ({ key }: Counted) => key, fetch, retries: 0 }
      return {
        out: rows.lookup('names', options, ({ value }, key = ''): Counted => ({ key, value })).forEach(() => {}),
      }
    },
    { keyGroups: 1 },
  )
  const run = drive(program)
  await run.orders.push(order(1), order(2), order(3))
  await run.orders.end()
  assert.deepEqual(run.out.values().toSorted(byKey), [
    { key: 'c2', value: 1 },
    { key: 'c3', value: 1 },
  ])
  assert.deepEqual(
    run.deadLetters().map(({ kind, operator }) => ({ kind, operator })),
    [{ kind: 'timer', operator: 'names' }],
  )
})

test('a value without a key is not asked about', async () => {
  const fetch = async (): Promise<string> => {
    throw new Error('asked')
  }
  const program = pipeline('program', ({ source }) => ({
    out: source('orders', orders)
      .lookup('none', { key: () => undefined, fetch }, ({ id }, found) => ({ id, found: found ?? 'nothing' }))
      .forEach(() => {}),
  }))
  const run = drive(program)
  await run.orders.push(order(1))
  assert.deepEqual(run.out.values(), [{ id: 1, found: 'nothing' }])
})

test('what fetchAll answers must fit what it was asked', async () => {
  const answering = (answer: readonly (string | undefined)[]) =>
    pipeline('program', ({ source }) => ({
      out: source('orders', orders)
        .lookup(
          'all',
          { key: ({ customer }) => customer, fetchAll: async () => answer, retries: 0 },
          ({ id }, found) => ({
            id,
            found,
          }),
        )
        .forEach(() => {}),
    }))
  const right = drive(answering(['one', undefined]))
  await right.orders.push(order(1), order(2))
  assert.deepEqual(right.out.values(), [
    { id: 1, found: 'one' },
    { id: 2, found: undefined },
  ])
  const wrong = drive(answering(['one']))
  await wrong.orders.push(order(1), order(2))
  assert.match(
    wrong.deadLetters()[0].reason,
    /no answer for key "c1": it answered 1 values for 2 keys, expected one for each/,
  )
})

test('a key function that never gives the same key twice ends with a sentence', async () => {
  let next = 0
  const program = pipeline('program', ({ source }) => ({
    out: source('orders', orders)
      .lookup('drifting', { key: () => next++, fetch: async () => 1 }, ({ id }) => id)
      .forEach(() => {}),
  }))
  await assert.rejects(
    async () => drive(program, { mostFailures: 1 }).orders.push(order(1)),
    /each of 100 runs wanted other keys, expected a key function that gives one key for one value/,
  )
})
