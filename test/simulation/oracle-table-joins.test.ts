import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { value } from 'millrace'
import { differences } from '../../local/simulator/oracle/index.ts'
import { rowsOf } from './oracle-input.ts'
import { expectedOf, type Fact, isGone, options, type PipelineBuilder, valuesOf, worth } from './oracle-tables.ts'

describe('the oracle of joins with tables', () => {
  const both = ({ source }: PipelineBuilder) => ({
    lefts: source('lefts', options).keyBy('key'),
    rights: source('rights', options).keyBy('key'),
  })
  const text = (left: Fact | undefined, right: Fact | undefined): string => `${left?.value}/${right?.value}`

  it('joins newest rows of equal keys', () => {
    for (const [type, joined] of [
      ['inner', { a: '2/5' }],
      ['left', { a: '2/5', b: '3/undefined' }],
      ['full', { a: '2/5', b: '3/undefined', c: 'undefined/6' }],
    ] as const) {
      const expected = expectedOf(
        builder => {
          const { lefts, rights } = both(builder)
          const right = rights.latest('right', { isDeleted: isGone })
          return { joined: lefts.latest('left').joinTable('joined', right, text, { type }) }
        },
        {
          lefts: [
            { at: 2, key: 'a', value: 2 },
            { at: 1, key: 'a', value: 1 },
            { at: 1, key: 'b', value: 3 },
          ],
          rights: [
            { at: 9, key: 'a', value: 5 },
            { at: 9, key: 'c', value: 6 },
            { at: 8, key: 'b', value: 7 },
            { at: 9, key: 'b', gone: true },
          ],
        },
      )
      const rows = Object.entries(joined).map(([key, each]) => ({ key, value: each }))
      assert.deepEqual(rowsOf(expected.outputs.get('joined')), rows, type)
    }
  })

  it('joins newest rows by the key that the left one names', () => {
    const build = (type: 'inner' | 'left') => (builder: PipelineBuilder) => {
      const { lefts, rights } = both(builder)
      const named = (left: Fact) => left.of
      return { joined: lefts.latest('left').joinOn('joined', rights.latest('right'), named, text, { type }) }
    }
    const inputs = {
      lefts: [
        { at: 1, key: 'a', of: 'x', value: 1 },
        { at: 2, key: 'a', of: 'y', value: 1 },
        { at: 1, key: 'b', of: 'y', value: 2 },
        { at: 1, key: 'c', of: 'none', value: 3 },
        { at: 1, key: 'd', value: 4 },
      ],
      rights: [
        { at: 3, key: 'x', value: 7 },
        { at: 3, key: 'y', value: 8 },
      ],
    }
    const inner = [
      { key: 'a', value: '1/8' },
      { key: 'b', value: '2/8' },
    ]
    assert.deepEqual(rowsOf(expectedOf(build('inner'), inputs).outputs.get('joined')), inner)
    assert.deepEqual(rowsOf(expectedOf(build('left'), inputs).outputs.get('joined')), [
      ...inner,
      { key: 'c', value: '3/undefined' },
      { key: 'd', value: '4/undefined' },
    ])
  })

  // The example of Flink's event time temporal join: orders with the rate of their currency at their time.
  it('joins each record with the version of its time', () => {
    const build = (type: 'inner' | 'left') => (builder: PipelineBuilder) => {
      const { lefts, rights } = both(builder)
      const joined = lefts.joinVersions('joined', rights, text, { type, isDeleted: isGone })
      return { joined: joined.forEach(() => {}) }
    }
    const inputs = {
      lefts: [8, 9, 10, 14, 15, 20].map(at => ({ at, key: 'a', value: at })),
      rights: [
        { at: 15, key: 'a', value: 3 },
        { at: 9, key: 'a', value: 1 },
        { at: 10, key: 'a', value: 2 },
        { at: 17, key: 'a', gone: true },
      ],
    }
    const inner = ['9/1', '10/2', '14/2', '15/3']
    assert.deepEqual(valuesOf(expectedOf(build('inner'), inputs).outputs.get('joined')), inner)
    const left = expectedOf(build('left'), inputs)
    assert.deepEqual(valuesOf(left.outputs.get('joined')), ['8/undefined', ...inner, '20/undefined'])
    const tied = expectedOf(build('left'), {
      lefts: [{ at: 9, key: 'a', value: 9 }],
      rights: [1, 2].map(each => ({ at: 9, key: 'a', value: each })),
    })
    assert.deepEqual(differences(tied, { joined: ['9/1'] }), [])
    assert.deepEqual(differences(tied, { joined: ['9/2'] }), [])
    assert.equal(differences(tied, { joined: ['9/undefined'] }).length, 2)
  })

  it('joins a value with any state that its row had', () => {
    const expected = expectedOf(
      builder => {
        const { lefts, rights } = both(builder)
        const joined = lefts.joinTable('joined', rights.latest('right', { isDeleted: isGone }), text, { type: 'left' })
        return { joined: joined.forEach(() => {}) }
      },
      {
        lefts: [{ at: 1, key: 'a', value: 1 }],
        rights: [
          { at: 9, key: 'a', value: 5 },
          { at: 8, key: 'a', value: 6 },
          { at: 8, key: 'b', value: 7 },
        ],
      },
    )
    for (const joined of ['1/undefined', '1/5', '1/6'])
      assert.deepEqual(differences(expected, { joined: [joined] }), [])
    assert.equal(differences(expected, { joined: ['1/7'] }).length, 2)
    assert.equal(differences(expected, { joined: [] }).length, 1)
    assert.equal(differences(expected, { joined: ['1/5', '1/6'] }).length, 1)
  })

  it('joins a broadcast as of event time', () => {
    const inputs = {
      lefts: [4, 5, 7].map(at => ({ at, key: 'a', value: at })),
      rights: [
        { at: 7, key: 'a', value: 30 },
        { at: 5, key: 'a', value: 10 },
        { at: 6, key: 'b', value: 20 },
      ],
    }
    const build =
      (type: 'inner' | 'left', where?: (left: Fact, right: Fact) => boolean) => (builder: PipelineBuilder) => {
        const rules = builder.source('rights', options).broadcast('key')
        const on = { rowKey: (fact: Fact) => fact.key, ...(where && { where }) }
        const joined = builder.source('lefts', options).keyBy('key').joinBroadcast('joined', rules, on, text, { type })
        return { joined: joined.forEach(() => {}) }
      }
    assert.deepEqual(valuesOf(expectedOf(build('inner'), inputs).outputs.get('joined')), ['5/10', '7/30'])
    const left = expectedOf(build('left'), inputs).outputs.get('joined')
    assert.deepEqual(valuesOf(left), ['4/undefined', '5/10', '7/30'])
    const all = expectedOf(
      build('inner', () => true),
      inputs,
    ).outputs.get('joined')
    assert.deepEqual(valuesOf(all), ['5/10', '7/30', '7/20'])
  })

  it('says what a process function makes of a broadcast where that does not depend on which came first', () => {
    const build = (isAtEnd: boolean) => (builder: PipelineBuilder) => {
      const limits = builder.source('rights', options).broadcast('key')
      const results = builder
        .source('lefts', options)
        .keyBy('key')
        .processWith('results', limits, {
          state: { total: value<number>() },
          broadcastState: { limit: value<number>() },
          onBroadcast({ broadcast }, fact) {
            broadcast.limit.update(limit => (limit ?? 0) + worth(fact))
          },
          *onRecord({ state, broadcast }, fact) {
            state.total.update(total => (total ?? 0) + worth(fact))
            if (!isAtEnd) yield broadcast.limit.get()
          },
          *onEnd({ state, broadcast }) {
            yield [state.total.get(), broadcast.limit.get()]
          },
        })
      return { results: results.forEach(() => {}) }
    }
    const facts = [1, 2].map(each => ({ at: each, key: 'a', value: each }))
    const inputs = { lefts: facts, rights: facts }
    assert.deepEqual(valuesOf(expectedOf(build(true), inputs).outputs.get('results')), [[3, 3]])
    assert.equal(expectedOf(build(false), inputs).outputs.get('results')?.kind, 'unchecked')
  })
})
