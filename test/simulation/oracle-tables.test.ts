import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { json, milliseconds, type Outputs, pipeline, value } from 'millrace'
import {
  differences,
  type Expected,
  type ExpectedOutput,
  evaluate,
  type OracleRecord,
} from '../../local/simulator/oracle/index.ts'
import { record, rowsOf } from './oracle-input.ts'

type Fact = {
  readonly at: number
  readonly key: string
  readonly of?: string
  readonly value?: number
  readonly gone?: boolean
}

type PipelineBuilder = Parameters<Parameters<typeof pipeline>[1]>[0]

const options = { codec: json<Fact>(), eventTime: (fact: Fact) => fact.at, outOfOrder: milliseconds(1_000) }
const isGone = ({ gone }: Fact): boolean => gone === true
const worth = ({ value: amount = 0 }: Fact): number => amount
const told = (...facts: readonly Fact[]): OracleRecord[] => facts.map(fact => record(fact))

/** Of one shard the order of the records is known, of more it is not. */
const expectedOf = (
  build: (builder: PipelineBuilder) => Outputs,
  inputs: Readonly<Record<string, readonly Fact[]>>,
  shards = 2,
): Expected => {
  const events = Object.entries(inputs).map(([name, facts]) => [name, { events: told(...facts), shards }])
  return evaluate(pipeline('tables', build).plan, Object.fromEntries(events))
}

const valuesOf = (output: ExpectedOutput | undefined): readonly unknown[] => {
  if (output?.kind !== 'values') throw new Error(`expected values, found ${JSON.stringify(output)}`)
  assert.equal(output.isWhole, true)
  return output.values
}

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
