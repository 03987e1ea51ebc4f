import assert from 'node:assert/strict'
import { test } from 'node:test'
import { globalWindow, hours, json, minutes, pipeline, seconds, session, tumbling, utf8 } from '../../shared/index.ts'
import type { Edge, Plan, Stage } from '../../shared/plan/plan.ts'
import { stageNamed } from '../../shared/plan/plan.ts'

type Trade = {
  readonly side: 'B' | 'S'
  readonly client: number
  readonly symbol: string
  readonly amount: number
  readonly at: number
}

const codec = json<Trade>()
const discard = () => {}

/** `stage kind <- senders [edges: what they carry] {operators} => sinks`, a stage a line. */
function shapeOf(plan: Plan): string[] {
  return plan.stages.map(stage => {
    const { input, operators, shuffles, sinks } = stage
    const from =
      input.kind === 'source'
        ? ''
        : ` <- ${input.inputs
            .map(other => other.name)
            .sort()
            .join(' ')} [${input.edges.map(shipped).join(' ')}]`
    const held = operators.length === 0 ? '' : ` {${operators.map(node => node.name).join(' ')}}`
    const to = shuffles.length === 0 ? '' : ` -> ${shuffles.map(other => other.stage).join(' ')}`
    const out = sinks.length === 0 ? '' : ` => ${sinks.map(sink => sink.name).join(' ')}`
    return `${stage.name} ${stage.kind}${from}${held}${to}${out}`
  })
}

const shipped = ({ ships }: Edge): string => ships.kind

function assertSound({ stages }: Plan): void {
  const seen = new Set<string>()
  for (const stage of stages) {
    assert.ok(!seen.has(stage.name), 'a stage is there once')
    if (stage.input.kind === 'shuffle')
      for (const { name } of stage.input.inputs) assert.ok(seen.has(name), 'senders come first')
    seen.add(stage.name)
    for (const shuffle of stage.shuffles) {
      const receiver: Stage | undefined = stages.find(other => other.name === shuffle.stage)
      assert.ok(receiver?.input.kind === 'shuffle')
      assert.equal(shuffle.stream, receiver.input.stream)
      assert.equal(shuffle.groups, receiver.input.groups)
      assert.deepEqual(shuffle.steps, receiver.input.steps)
      assert.ok(receiver.input.inputs.some(input => input.name === stage.name))
    }
    for (const consumers of stage.consumers.values()) {
      for (const consumer of consumers) {
        if (consumer.kind !== 'shuffle') continue
        const receiver = stageNamed(
          { name: '', graph: { name: '', keyGroups: 1, sinks: [] }, stages },
          stage.shuffles[consumer.shuffle].stage,
        )
        assert.ok(receiver.input.kind === 'shuffle')
        const edge = receiver.input.edges[consumer.edge.index]
        assert.equal(edge.from, consumer.edge.from, 'sender and receiver mean the same edge by a number')
        assert.equal(edge.ships.kind, consumer.edge.ships.kind)
      }
    }
  }
}

function assertShape(plan: Plan, expected: readonly string[]): void {
  assertSound(plan)
  assert.deepEqual(shapeOf(plan), expected)
}

test('keyBy of one property twice on one stream is one edge, and its takers share it', () => {
  const { plan } = pipeline('p', ({ source }) => {
    const trades = source('trades', { codec })
    return { a: trades.keyBy('side').count('a'), b: trades.keyBy('side').sum('b', trade => trade.amount) }
  })
  assertShape(plan, ['trades transient -> side', 'side logged <- trades [combined] {a b} => a b'])
})

test('the same name on two sources is one stage with an edge for each', () => {
  const { plan } = pipeline('p', ({ source }) => {
    const a = source('a', { codec }).keyBy('client').count('of-a')
    const b = source('b', { codec })
      .keyBy('client')
      .reduce('of-b', x => x)
    return { a, b }
  })
  assertShape(plan, [
    'a transient -> client',
    'b transient -> client',
    'client logged <- a b [combined value] {of-a of-b} => a b',
  ])
})

test('operators behind a union belong to every stage that feeds it', () => {
  const { plan } = pipeline('p', ({ source }) => {
    const [a, b] = [source('a', { codec }), source('b', { codec })]
    const first = b.keyBy('client').distinct('first')
    const all = a.union(b, first).map(trade => trade.symbol)
    return { counts: all.keyBy('symbol', symbol => symbol).count('counts'), lines: all.forEach(discard) }
  })
  assertShape(plan, [
    'a logged -> symbol => lines',
    'b logged -> client symbol => lines',
    'client logged <- b [value] {first} -> symbol => lines',
    'symbol logged <- a b client [combined] {counts} => counts',
  ])
})

test('a branch goes on in the stage of its stream, and each arm may have a stage of its own', () => {
  const { plan } = pipeline('p', ({ source }) => {
    const { buys, rest } = source('trades', { codec }).branch({ buys: trade => trade.side === 'B', rest: () => true })
    return {
      buys: buys.keyBy('client').count('buys'),
      rest: rest.keyBy('symbol').count('rest'),
      out: rest.toStream('out', codec),
    }
  })
  assertShape(plan, [
    'trades transient -> client symbol => out',
    'client logged <- trades [combined] {buys} => buys',
    'symbol logged <- trades [combined] {rest} => rest',
  ])
})

test('two shuffles in a row, and a top behind a filter, are stages in a row', () => {
  const { plan } = pipeline('p', ({ source }) => {
    const perClient = source('trades', { codec })
      .keyBy('client')
      .window(tumbling(hours(1)))
      .sum('turnover', trade => trade.amount)
    const sizes = perClient
      .map(row => row.value)
      .keyBy('size', value => Math.floor(value))
      .count('sizes')
    const top = perClient.filter(row => row.value > 0).top('top', 3)
    return { perClient, sizes, top }
  })
  assertShape(plan, [
    'trades transient -> client',
    'client logged <- trades [combined] {turnover} -> size top => perClient',
    'size logged <- client [combined] {sizes} => sizes',
    'top logged <- client [row] {top} => top',
  ])
  const top = stageNamed(plan, 'top')
  assert.equal(top.input.kind === 'shuffle' && top.input.groups, 1)
})

test('two tops of one stream, and a stream to a top and to a stage, each get their own', () => {
  const { plan } = pipeline('p', ({ source }) => {
    const counts = source('trades', { codec }).keyBy('symbol').count('counts')
    return { most: counts.top('most', 3), all: counts.top('all', 100) }
  })
  assertShape(plan, [
    'trades transient -> symbol',
    'symbol logged <- trades [combined] {counts} -> most all',
    'most logged <- symbol [row] {most} => most',
    'all logged <- symbol [row] {all} => all',
  ])
})

test('a stage that would feed itself is refused, directly and around a corner', () => {
  const direct = () =>
    pipeline('p', ({ source }) => {
      const first = source('trades', { codec }).keyBy('client').distinct('first')
      return { again: first.keyBy('client').count('again') }
    })
  assert.throws(direct, { name: 'ConfigurationError', message: /stage "client" would feed itself/ })
  const around = () =>
    pipeline('p', ({ source }) => {
      const first = source('trades', { codec }).keyBy('client').distinct('first')
      const second = first.keyBy('symbol').distinct('second')
      return { again: second.keyBy('client').count('again') }
    })
  assert.throws(around, { name: 'ConfigurationError', message: /would feed itself/ })
})

test('an edge carries the value where a taker needs it: a reduce, a side output of late records', () => {
  const shipOf = (plan: Plan) => {
    const { input } = stageNamed(plan, 'client')
    return input.kind === 'shuffle' ? input.edges.map(shipped) : []
  }
  const keyed = (build: Parameters<typeof pipeline>[1]) => shipOf(pipeline('p', build).plan)
  assert.deepEqual(
    keyed(({ source }) => ({
      a: source('t', { codec })
        .keyBy('client')
        .reduce('a', x => x),
    })),
    ['value'],
  )
  assert.deepEqual(
    keyed(({ source }) => ({ a: source('t', { codec }).keyBy('client').distinct('a').forEach(discard) })),
    ['value'],
  )
  const late = keyed(({ source }) => {
    const counts = source('t', { codec })
      .keyBy('client')
      .window(tumbling(minutes(1)))
      .lateTo('late')
      .count('a')
    return { counts, late: counts.side('late').forEach(discard) }
  })
  assert.deepEqual(late, ['value'])
  const sessions = keyed(({ source }) => ({
    a: source('t', { codec })
      .keyBy('client')
      .window(session(minutes(1)))
      .sum('a', trade => trade.amount),
  }))
  assert.deepEqual(sessions, ['lifted'])
  assert.deepEqual(
    keyed(({ source }) => ({
      a: source('t', { codec })
        .keyBy('client')
        .window(session(minutes(1)))
        .count('a'),
    })),
    ['nothing'],
  )
})

test('a source without state is transient unless one of its sinks needs a commit', () => {
  const kindOf = (build: Parameters<typeof pipeline>[1]) => pipeline('p', build).plan.stages[0].kind
  assert.equal(
    kindOf(({ source }) => ({ a: source('s', { codec: utf8 }).toStream('out', utf8) })),
    'transient',
  )
  assert.equal(
    kindOf(({ source }) => ({ a: source('s', { codec: utf8 }).toFiles(utf8) })),
    'logged',
  )
  assert.equal(
    kindOf(({ source }) => ({ a: source('s', { codec: utf8 }).forEach(discard) })),
    'logged',
  )
})

test('the error policy of a stage is the strictest of the sources that reach it', () => {
  const { plan } = pipeline('p', ({ source }) => {
    const a = source('a', { codec, onError: 'skip' })
    const b = source('b', { codec, onError: 'fail' })
    const c = source('c', { codec })
    const counts = a.union(c).keyBy('client').count('counts')
    return { counts, top: counts.top('top', 1), b: a.union(b).keyBy('symbol').count('b') }
  })
  const policies = Object.fromEntries(plan.stages.map(stage => [stage.name, stage.onError]))
  assert.deepEqual(policies, {
    a: 'skip',
    b: 'fail',
    c: 'deadLetter',
    client: 'deadLetter',
    top: 'deadLetter',
    symbol: 'fail',
  })
})

test('only stages of a source can be idle', () => {
  const { plan } = pipeline('p', ({ source }) => {
    const trades = source('trades', { codec, idleAfter: seconds(30) })
    const counts = trades.keyBy('client').window(globalWindow()).count('counts')
    return { top: counts.top('top', 1) }
  })
  const idleOf = (name: string) => {
    const { input } = stageNamed(plan, name)
    return input.kind === 'shuffle' ? input.inputs.map(other => other.idleMs) : []
  }
  assert.deepEqual([idleOf('client'), idleOf('top')], [[30_000], [Number.POSITIVE_INFINITY]])
})
