import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { json, milliseconds, pipeline, session, tumbling } from 'millrace'
import { drive } from 'millrace/testing'
import { exactSum } from '../../local/simulator/oracle/exact-number.ts'
import { differences, evaluate, type OracleRecord } from '../../local/simulator/oracle/index.ts'
import { textOf } from '../../local/simulator/oracle/text.ts'
import { evaluated, record, rowsOf } from './oracle-input.ts'

type Fact = { readonly at: number; readonly key: string; readonly value: number }

const options = { codec: json<Fact>(), eventTime: (fact: Fact) => fact.at, outOfOrder: milliseconds(10) }
const fact = (at: number, key: string, value: number): OracleRecord => record({ at, key, value })

describe('the oracle', () => {
  it('takes nothing of a record whose function throws, and counts it', () => {
    const picky = pipeline('picky', ({ source }) => {
      const facts = source('facts', options)
      const odd = facts.map(each => {
        if (each.value === 2) throw new Error('two')
        return each
      })
      return { all: facts.keyBy('key').count('all'), odd: odd.keyBy('odd', each => each.key).count('odd') }
    })
    const expected = evaluated(picky, [fact(1, 'a', 1), fact(2, 'a', 2), fact(3, 'b', 2), record('no fact')])
    assert.deepEqual(rowsOf(expected.outputs.get('all')), [{ key: 'a', value: 1 }])
    assert.deepEqual(rowsOf(expected.outputs.get('odd')), [{ key: 'a', value: 1 }])
    assert.deepEqual(expected.sources.get('facts'), { read: 4, malformed: 1, late: 0 })
    assert.deepEqual(expected.stages.get('facts')?.failed, { least: 2, most: 2 })
  })

  it('says nothing of a run that a policy stops', () => {
    const strict = pipeline('strict', ({ source }) => ({
      counts: source('facts', { ...options, onMalformed: 'fail' })
        .keyBy('key')
        .count('counts'),
    }))
    const expected = evaluated(strict, [fact(1, 'a', 1), record({})])
    assert.equal(expected.stops, 'a record of source "facts" is malformed, and its policy is "fail"')
    assert.deepEqual(differences(expected, {}), [])
  })

  it('leaves open what depends on how commits are cut', () => {
    const changing = pipeline('changing', ({ source }) => {
      const counts = source('facts', options).keyBy('key').count('counts')
      return {
        changes: counts.toStream('changes', json()),
        perCount: counts.keyBy('value').count('rows-per-value'),
      }
    })
    const expected = evaluated(changing, [fact(1, 'a', 1), fact(2, 'a', 1)])
    const a = (value: number) => ({ key: 'a', value })
    assert.deepEqual(differences(expected, { changes: [a(2)] }), [])
    assert.deepEqual(differences(expected, { changes: [a(1), a(2)], perCount: ['anything'] }), [])
    assert.deepEqual(differences(expected, { changes: [a(2), a(1)] }), [
      'sink "changes": the last state put is {"key":"a","value":1}, expected {"key":"a","value":2}',
    ])
    assert.deepEqual(differences(expected, { changes: [a(1)] }), [
      'sink "changes": value {"key":"a","value":2} is missing',
      'sink "changes": the last state put is {"key":"a","value":1}, expected {"key":"a","value":2}',
    ])
  })

  it('takes any value of a key that a distinct lets through, once', () => {
    const once = pipeline('once', ({ source }) => ({
      firsts: source('facts', options)
        .keyBy('key')
        .distinct('firsts')
        .forEach(() => {}),
    }))
    const expected = evaluated(once, [fact(1, 'a', 1), fact(2, 'a', 2), fact(3, 'b', 3)])
    const [one, two, three] = [1, 2, 3].map(value => ({ at: value, key: value === 3 ? 'b' : 'a', value }))
    assert.deepEqual(differences(expected, { firsts: [two, three] }), [])
    assert.deepEqual(differences(expected, { firsts: [three, one] }), [])
    assert.match(differences(expected, { firsts: [one, two, three] })[0], /is there, expected none more like it$/)
    assert.match(differences(expected, { firsts: [three] })[0], /^sink "firsts": one of .* is missing$/)
  })

  it('knows which late records expire on one shard, and leaves their windows open on two', () => {
    const windows = pipeline('windows', ({ source }) => {
      const counts = source('facts', options)
        .keyBy('key')
        .window(tumbling(milliseconds(100)))
        .lateTo('late')
        .count('counts')
      return { counts, late: counts.side('late').forEach(() => {}) }
    })
    const events = [fact(50, 'a', 1), fact(250, 'a', 2), fact(60, 'a', 3), fact(240, 'a', 4)]
    const one = evaluated(windows, events)
    assert.deepEqual(one.operators.get('counts'), { arrived: { least: 4, most: 4 }, expired: { least: 1, most: 1 } })
    const row = (start: number, value: number) => ({ key: 'a', window: { start, end: start + 100 }, value })
    assert.deepEqual(rowsOf(one.outputs.get('counts')), [row(0, 1), row(200, 2)])
    const two = evaluate(windows.plan, { facts: { events, shards: 2 } })
    assert.deepEqual(two.operators.get('counts')?.expired, { least: 0, most: 1 })
    for (const value of [1, 2]) assert.deepEqual(differences(two, { counts: [row(0, value), row(200, 2)] }), [])
    assert.equal(differences(two, { counts: [row(0, 1), row(200, 3)] }).length, 1)
  })

  it('knows the sessions of records in time on any number of shards, one gap apart and at the bound too', () => {
    const sessions = pipeline('sessions', ({ source }) => {
      const counts = source('facts', options)
        .keyBy('key')
        .window(session(milliseconds(20)))
        .lateTo('late')
        .count('counts')
      return { counts, late: counts.side('late').forEach(() => {}) }
    })
    const rows = [
      { key: 'a', window: { start: 0, end: 40 }, value: 2 },
      { key: 'b', window: { start: 30, end: 50 }, value: 1 },
    ]
    const events = [fact(0, 'a', 1), fact(30, 'b', 2), fact(20, 'a', 3)]
    for (const shards of [1, 2]) {
      const expected = evaluate(sessions.plan, { facts: { events, shards } })
      assert.deepEqual(rowsOf(expected.outputs.get('counts')), rows)
      assert.deepEqual(expected.operators.get('counts')?.expired, { least: 0, most: 0 })
    }
    // The watermark is 39 before the record at 20, and 40 before the one at 21.
    const late = [...events, fact(50, 'b', 4), fact(20, 'a', 5), fact(51, 'b', 6), fact(20, 'a', 7), fact(21, 'a', 8)]
    const expected = evaluated(sessions, late)
    assert.deepEqual(rowsOf(expected.outputs.get('counts')), [
      { key: 'a', window: { start: 0, end: 40 }, value: 3 },
      { key: 'a', window: { start: 21, end: 41 }, value: 1 },
      { key: 'b', window: { start: 30, end: 71 }, value: 3 },
    ])
    assert.deepEqual(expected.operators.get('counts')?.expired, { least: 1, most: 1 })
  })

  it('leaves open a fold that depends on the order of its records', () => {
    const folds = pipeline('folds', ({ source }) => {
      const byKey = source('facts', options).keyBy('key')
      return {
        texts: byKey.aggregate('texts', { create: () => '', add: (text, { value }: Fact) => text + value }),
        sums: byKey.aggregate('sums', { create: () => 0, add: (sum, { value }: Fact) => sum + value }),
      }
    })
    const expected = evaluated(folds, [fact(1, 'a', 1), fact(2, 'a', 2), fact(3, 'b', 7)])
    const b = { key: 'b', value: '7' }
    assert.deepEqual(differences(expected, { texts: [{ key: 'a', value: '21' }, b], sums: [] }).length, 2)
    assert.deepEqual(rowsOf(expected.outputs.get('texts')), [b])
  })

  it('tells what is wrong in a sentence each, and not too many of them', () => {
    const counts = pipeline('counts', ({ source }) => ({
      counts: source('facts', options).keyBy('key').count('counts'),
    }))
    const expected = evaluated(
      counts,
      Array.from({ length: 9 }, (_, i) => fact(i, `k${i}`, 1)),
    )
    assert.deepEqual(
      differences(expected, {
        counts: [
          { key: 'k0', value: 2 },
          { key: 'x', value: 1 },
        ],
      }),
      [
        'view "counts": row {"key":"k0","value":2} is there, expected {"key":"k0","value":1}',
        'view "counts": row {"key":"x","value":1} is there, expected none of its key and window',
        ...[1, 2, 3, 4, 5].map(i => `view "counts": row {"key":"k${i}","value":1} is missing`),
        'view "counts": ... and 3 more like this',
      ],
    )
  })
})

describe('exact sums', () => {
  it('are the nearest double to the true sum', () => {
    assert.equal(exactSum([0.1, 0.2, 0.3]), 0.6)
    assert.equal(exactSum([1e308, 1, -1e308]), 1)
    assert.equal(exactSum([2 ** 53, 1, 2 ** -1074]), 2 ** 53 + 2)
    assert.equal(exactSum([2 ** 53, 1]), 2 ** 53)
    assert.equal(exactSum([2 ** -1074, 2 ** -1074]), 2 ** -1073)
    assert.equal(exactSum([-0.1, 0.1]), 0)
    assert.equal(exactSum([Number.POSITIVE_INFINITY, 1]), Number.POSITIVE_INFINITY)
  })

  it('are open where they pass the greatest double', () => {
    assert.equal(exactSum([1e308, 1e308, -1e308]), undefined)
  })
})

describe('texts of values', () => {
  it('are equal for equal values, and differ for others', () => {
    assert.equal(textOf({ a: 1, b: [undefined] }), textOf({ b: [undefined], a: 1, c: undefined }))
    assert.equal(textOf(-0), textOf(0))
    const different = [1, '1', 1n, true, null, undefined, [1], { 1: 1 }, new Date(1), new Set([1]), new Map([[1, 1]])]
    assert.equal(new Set(different.map(textOf)).size, different.length)
  })
})

/** Found by the oracle in the engine. */
describe('the engine', () => {
  it('gives the record itself to the side output of late records, whatever the aggregate takes of it', async () => {
    const windows = pipeline('windows', ({ source }) => {
      const sums = source('facts', options)
        .keyBy('key')
        .window(session(milliseconds(20)))
        .lateTo('late')
        .sum('sums', each => each.value)
      return { sums, late: sums.side('late').forEach(() => {}) }
    })
    const run = drive(windows)
    const late = { at: 100, key: 'a', value: 2 }
    await run.facts.push({ at: 1_000, key: 'a', value: 1 }, late)
    assert.deepEqual(run.late.values(), [late])
  })

  it('takes a compound key with a part that is missing for the record’s fault, and goes on', async () => {
    const pairs = pipeline('pairs', ({ source }) => ({
      counts: source('facts', options)
        .keyBy('pair', ({ key, value }) => [key, value])
        .count('counts'),
    }))
    const run = drive(pairs)
    await run.facts.pushRaw('{"at":1,"value":2}', JSON.stringify({ at: 2, key: 'a', value: 3 }))
    assert.deepEqual(run.counts.rows(), [{ key: ['a', 3], value: 1 }])
    assert.match(run.deadLetters()[0].reason, /^Cannot run operator "pair": the key holds what no key may hold/)
  })
})
