import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ConfigurationError, csv, int, json, minutes, pipeline, seconds, text } from '../../shared/index.ts'
import { describe } from '../../shared/plan/describe.ts'
import { fingerprintOf } from '../../shared/plan/shape.ts'
import { lookupsHere } from '../../shared/ports/lookups.ts'

type Fact = { readonly word: string }
const facts = { codec: json<Fact>() }
const fetch = async (key: string) => key

const withOptions = (options: Readonly<Record<string, unknown>>) =>
  pipeline('p', ({ source }) => ({
    out: source('facts', facts)
      .lookup('words', { key: ({ word }) => word, fetch, ...options }, (_, word) => word)
      .forEach(() => {}),
  }))

test('a stage with a lookup is logged, and explain says what it may cost', () => {
  const { plan } = pipeline('p', ({ source }) => {
    const all = source('facts', { codec: csv({ word: text, count: int }) })
    const found = all
      .lookup(
        'words',
        { key: ({ word }) => word, fetch, cache: { most: 500, ttl: minutes(5) } },
        ({ count }, word = '') => ({
          count,
          word,
        }),
      )
      .lookup(
        'others',
        {
          key: ({ word }) => word,
          fetchAll: async keys => keys,
          keysPerCall: 25,
          concurrency: 2,
          timeout: seconds(1),
          retries: 0,
        },
        fact => fact,
      )
    return { counts: found.keyBy('word').count('counts') }
  })
  const [stage] = describe(plan).stages
  assert.equal(stage.kind, 'logged')
  assert.deepEqual(stage.steps, [
    'lookup words (calls: 32 at a time, 5 seconds and 2 retries each; answers: 500 kept for 5 minutes)',
    'lookup others (calls: 2 at a time for 25 keys each, 1 second and 0 retries each; answers: kept for the batch)',
  ])
})

test('the options of a lookup are no part of what state means', () => {
  assert.equal(fingerprintOf(withOptions({}).plan), fingerprintOf(withOptions({ retries: 7, concurrency: 1 }).plan))
})

test('options that make no sense are refused with a sentence', () => {
  const wrong: readonly [options: Readonly<Record<string, unknown>>, said: string][] = [
    [{ concurrency: 0 }, 'concurrency is 0, expected a whole number of 1 or more'],
    [{ retries: -1 }, 'retries is -1, expected a whole number of 0 or more'],
    [{ timeout: seconds(0) }, 'timeout is 0, expected a millisecond or more'],
    [{ cache: { most: 0.5, ttl: minutes(1) } }, 'cache.most is 0.5, expected a whole number of 1 or more'],
    [{ fetch: undefined, fetchAll: fetch, keysPerCall: 0 }, 'keysPerCall is 0, expected a whole number of 1 or more'],
  ]
  for (const [options, said] of wrong) {
    assert.throws(() => withOptions(options), new ConfigurationError(`Cannot make lookup "words": ${said}`))
  }
  assert.throws(
    () =>
      pipeline('p', ({ source }) => {
        const options = { key: ({ word }: Fact) => word, fetch }
        const once = source('facts', facts).lookup('words', options, fact => fact)
        return { out: once.lookup('words', options, fact => fact).forEach(() => {}) }
      }),
    /two operators are named "words", give one of them another name/,
  )
})

test('a call in this process ends at its limit, and nothing waits for a limit that is not reached', async () => {
  const waits: { readonly ms: number; readonly signal: AbortSignal; readonly over: () => void }[] = []
  const port = lookupsHere((ms, signal) => new Promise<void>(over => waits.push({ ms, signal, over })))
  const call = { lookup: 'words', keys: ['a'], timeoutMs: 7 }
  assert.equal(await port.fetch({ ...call, run: async () => 'answer' }), 'answer')
  assert.deepEqual([waits[0].ms, waits[0].signal.aborted], [7, true])
  let given: AbortSignal | undefined
  const late = port.fetch({
    ...call,
    run: signal => {
      given = signal
      return new Promise(() => {})
    },
  })
  waits[1].over()
  await assert.rejects(late, { name: 'TimeoutError', message: 'it took longer than 7 ms' })
  assert.equal(given?.aborted, true)
  await assert.rejects(port.fetch({ ...call, run: () => Promise.reject(new Error('503')) }), /503/)
  assert.equal(waits[2].signal.aborted, true)
})
