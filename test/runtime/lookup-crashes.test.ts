import assert from 'node:assert/strict'
import { test } from 'node:test'
import { drive } from 'millrace/testing'
import { json, minutes, pipeline } from '../../shared/index.ts'
import { crashEverywhere } from './crash-everywhere.ts'
import { type Enriched, enriching, order, orders } from './enriching.ts'

type Counted = { readonly key: string; readonly value: number }

const everywhere = (answer: (key: string) => string | undefined) =>
  pipeline(
    'everywhere',
    ({ source }) => {
      const fetch = async (key: string) => answer(key)
      const enriched = source('orders', orders).lookup(
        'customers',
        { key: ({ customer }) => customer, fetch, cache: { most: 2, ttl: minutes(1) } },
        ({ id }, country = 'none'): Enriched => ({ id, country }),
      )
      const counts = enriched.keyBy('country').count('counts')
      const named = counts.lookup(
        'names',
        { key: ({ key }) => key, fetchAll: async keys => keys.map(answer) },
        ({ key, value }, name = ''): Counted => ({ key: `${key} ${name}`, value }),
      )
      return { counts, named: named.forEach(() => {}), out: enriched.toStream('enriched', json<Enriched>()) }
    },
    { keyGroups: 2 },
  )

for (const lookMs of [15, 50]) {
  test(`near the deadline what was answered is committed, and the rest comes later: ${lookMs} ms a look`, async () => {
    const asked: string[] = []
    const fetch = async (key: string) => {
      asked.push(key)
      return key
    }
    const run = drive(enriching({ fetch, concurrency: 1 }), { timeoutMs: 1_000, lookMs })
    await run.orders.push(...Array.from({ length: 40 }, (_, i) => order(i)))
    assert.deepEqual(
      run.out
        .values()
        .map(({ id }) => id)
        .toSorted((a, b) => a - b),
      Array.from({ length: 40 }, (_, i) => i),
    )
    assert.ok(asked.length < 80, `${asked.length} calls`)
    const invocations = run.reports.filter(({ commits }) => commits > 0).length
    assert.ok(invocations > 1 && (lookMs > 15 || invocations < 10), `${invocations} invocations`)
  })
}

test('near the deadline a stage behind a shuffle gets on too', async () => {
  for (const lookMs of [15, 40, 150]) {
    const run = drive(
      everywhere(key => key),
      { timeoutMs: 1_000, lookMs },
    )
    await run.orders.push(...Array.from({ length: 30 }, (_, i) => order(i)))
    assert.equal(run.counts.rows().length, 30)
    assert.deepEqual(new Set(run.named.values().map(({ key }) => key)).size, 30)
  }
})

test('an invocation without time gets the answers of its first record, so that no batch comes for ever', async () => {
  const flaky = async (key: string): Promise<string> => {
    if (key === 'c2') throw new Error('503')
    return key
  }
  const program = pipeline('hurried', ({ source }) => {
    const asked = { key: ({ customer }: { readonly customer: string }) => customer, fetch: flaky, retries: 3 }
    const read = source('orders', { ...orders, onError: 'deadLetter' })
    const once = read.lookup('customers', asked, ({ id }, country = '') => ({ id, country }))
    const other = read.lookup('again', asked, ({ id }, country = '') => ({ id, country }))
    return { out: once.toStream('once', json<Enriched>()), other: other.toStream('other', json<Enriched>()) }
  })
  // No time is left from the second look at the clock on.
  const run = drive(program, { timeoutMs: 100, lookMs: 60 })
  await run.orders.push(...Array.from({ length: 5 }, (_, i) => order(i)))
  for (const output of [run.out, run.other]) {
    assert.deepEqual(
      output.values().map(({ id }) => id),
      [0, 1, 3, 4],
    )
  }
  assert.deepEqual(
    run.deadLetters().map(({ operator, text }) => [operator, text]),
    [['customers', JSON.stringify(order(2))]],
  )
})

test('lookups come out the same whatever await the runtime dies at', async t => {
  const count = await crashEverywhere({
    pipeline: everywhere(key => (key === 'c2' ? undefined : key)),
    options: { batchSize: 3 },
    play: async run => {
      await run.orders.push(order(1), order(2), order(3), order(4, 'c1'))
      await run.split('orders')
      await run.split('country')
      await run.orders.push(order(5), order(6, 'c1'))
      await run.orders.end()
    },
    see: async run => ({
      counts: run.counts.rows(),
      // How updates are cut into commits is not part of the result: what they come to is.
      named: [...new Map(run.named.values().map(({ key, value }) => [key, value]))].toSorted(),
      out: run.out.values().toSorted((a, b) => a.id - b.id),
      letters: run.deadLetters(),
    }),
  })
  t.diagnostic(`${count} awaits`)
})

test('answers that change between attempts give one result for each record', async () => {
  const accidents = ['beforeAny', 'afterAny'] as const
  for (const point of accidents) {
    for (let occurrence = 1; occurrence <= 30; occurrence++) {
      let answers = 0
      const run = drive(
        everywhere(() => `answer ${answers++ % 3}`),
        { batchSize: 3 },
      )
      run.environments(2)
      run.crash(point, { occurrence })
      await run.orders.push(...Array.from({ length: 8 }, (_, i) => order(i)))
      await run.redeliver('orders')
      const results = run.out.values()
      assert.deepEqual(
        results.map(({ id }) => id),
        Array.from({ length: 8 }, (_, i) => i),
      )
      const counted = new Map<string, number>()
      for (const { country } of results) counted.set(country, (counted.get(country) ?? 0) + 1)
      assert.deepEqual(
        run.counts.rows().map(({ key, value }) => [key, value]),
        [...counted].toSorted(),
      )
      assert.equal(run.crashes.length, 1)
    }
  }
})
