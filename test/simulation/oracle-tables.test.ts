import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { differences } from '../../local/simulator/oracle/index.ts'
import { rowsOf } from './oracle-input.ts'
import { expectedOf, isGone, options, type PipelineBuilder, worth } from './oracle-tables.ts'

describe('the oracle of tables', () => {
  const latest = ({ source }: PipelineBuilder) => ({
    table: source('facts', options).keyBy('key').latest('table', { isDeleted: isGone }),
  })

  it('takes the newest value by event time, whatever came first', () => {
    const facts = [
      { at: 5, key: 'a', value: 2 },
      { at: 3, key: 'a', value: 1 },
      { at: 7, key: 'b', gone: true },
      { at: 6, key: 'b', value: 3 },
    ]
    assert.deepEqual(rowsOf(expectedOf(latest, { facts }).outputs.get('table')), [{ key: 'a', value: facts[0] }])
  })

  it('takes the last of one event time where the order is known, and else leaves the row open', () => {
    const facts = [
      { at: 5, key: 'a', value: 2 },
      { at: 5, key: 'a', value: 1 },
      { at: 5, key: 'b', value: 4 },
      { at: 5, key: 'b', value: 4 },
    ]
    const [, a, b] = facts
    assert.deepEqual(rowsOf(expectedOf(latest, { facts }, 1).outputs.get('table')), [
      { key: 'a', value: a },
      { key: 'b', value: b },
    ])
    const open = expectedOf(latest, { facts })
    assert.deepEqual(
      differences(open, {
        table: [
          { key: 'a', value: 'any' },
          { key: 'b', value: b },
        ],
      }),
      [],
    )
    assert.equal(differences(open, { table: [{ key: 'b', value: a }] }).length, 1)
  })

  it('adds up changes, however many there are', () => {
    const expected = expectedOf(
      ({ source }) => ({
        log: source('facts', options)
          .keyBy('key')
          .count('counts')
          .changes('changes')
          .forEach(() => {}),
      }),
      {
        facts: [
          { at: 1, key: 'a' },
          { at: 2, key: 'a' },
        ],
      },
    )
    const change = (kind: string, count: number) => ({ kind, row: { key: 'a', value: count } })
    assert.deepEqual(differences(expected, { log: [change('insert', 2)] }), [])
    const steps = [change('insert', 1), change('updateBefore', 1), change('updateAfter', 2)]
    assert.deepEqual(differences(expected, { log: steps }), [])
    assert.deepEqual(differences(expected, { log: [...steps, change('delete', 2), change('insert', 2)] }), [])
    assert.equal(differences(expected, { log: steps.slice(0, 2) }).length, 1)
    assert.equal(differences(expected, { log: [steps[0], steps[2]] }).length, 1)
    assert.equal(differences(expected, { log: [change('insert', 2), change('insert', 2)] }).length, 1)
  })

  it('materializes changes: the row of its key, or of rows that share a key the one that is left', () => {
    const build = ({ source }: PipelineBuilder) => {
      const changes = source('facts', options).keyBy('key').latest('table', { isDeleted: isGone }).changes('changes')
      return {
        again: changes.keyBy('again', ({ row }) => row.key).materialize('again'),
        // Under a key that is not the rows' own only retractions tell what is left.
        holders: changes.keyBy('holder', ({ row }) => `${row.value.of}`).materialize('holders', { mode: 'retract' }),
        wrong: changes.keyBy('wrong', ({ row }) => `${row.value.of}`).materialize('wrong'),
      }
    }
    const { outputs } = expectedOf(build, {
      facts: [
        { at: 1, key: 'ann', of: 'seat 1' },
        { at: 2, key: 'ann', of: 'seat 2' },
        { at: 3, key: 'bob', of: 'seat 1' },
        { at: 4, key: 'eve', of: 'seat 3', gone: true },
      ],
    })
    const ann = { key: 'ann', value: { at: 2, key: 'ann', of: 'seat 2' } }
    const bob = { key: 'bob', value: { at: 3, key: 'bob', of: 'seat 1' } }
    assert.deepEqual(rowsOf(outputs.get('again')), [
      { key: 'ann', value: ann },
      { key: 'bob', value: bob },
    ])
    assert.deepEqual(rowsOf(outputs.get('holders')), [
      { key: 'seat 2', value: ann },
      { key: 'seat 1', value: bob },
    ])
    assert.equal(outputs.get('wrong')?.kind, 'unchecked')
  })

  // The example of Kafka Streams' KGroupedTable: a user moves to another region.
  it('groups rows by what they are now', () => {
    const build = ({ source }: PipelineBuilder) => {
      const users = source('facts', options).keyBy('key').latest('users', { isDeleted: isGone })
      const regions = users.groupBy('region', row => `${row.value.of}`)
      return {
        counts: regions.count('counts'),
        sums: regions.sum('sums', row => worth(row.value)),
        least: regions.min('least', row => worth(row.value)),
        folded: regions.aggregate('folded', {
          create: () => 0,
          add: (all, row) => all + worth(row.value),
          subtract: (all, row) => all - worth(row.value),
          result: all => `${all}`,
        }),
        last: regions.aggregate('last', { create: () => '', add: (_, row) => row.key, subtract: all => all }),
      }
    }
    const expected = expectedOf(build, {
      facts: [
        { at: 1, key: 'alice', of: 'asia', value: 0.1 },
        { at: 2, key: 'alice', of: 'europe', value: 0.1 },
        { at: 1, key: 'bob', of: 'europe', value: 0.2 },
        { at: 1, key: 'eve', of: 'asia', value: 5 },
        { at: 2, key: 'eve', gone: true },
      ],
    })
    const seen = {
      counts: [{ key: 'europe', value: 2 }],
      // The exact sum, rounded once.
      sums: [{ key: 'europe', value: 0.30000000000000004 }],
      least: [{ key: 'europe', value: 0.1 }],
      folded: [{ key: 'europe', value: '0.30000000000000004' }],
      last: [{ key: 'europe', value: 'any' }],
    }
    assert.deepEqual(differences(expected, seen), [])
    assert.equal(differences(expected, { ...seen, counts: [...seen.counts, { key: 'asia', value: 0 }] }).length, 1)
    assert.equal(differences(expected, { ...seen, least: [{ key: 'europe', value: 0.2 }] }).length, 1)
  })
})
