import assert from 'node:assert/strict'
import { test } from 'node:test'
import { wholeAggregator } from '../../shared/dsl/aggregate-node.ts'
import { Stream } from '../../shared/dsl/stream.ts'
import { json, minutes, pipeline, seconds, tumbling, utf8 } from '../../shared/index.ts'
import type { AggregateNode, Node } from '../../shared/plan/graph.ts'
import { inputsOf } from '../../shared/plan/graph.ts'

type AnyStream = Parameters<typeof Stream.nodeOf>[0]

const nodesOf = (node: Node): Node[] => [node, ...inputsOf(node).flatMap(nodesOf)]

test('nodes are frozen, and a stream stays as it is whatever is made of it', () => {
  let calls = 0
  const built = pipeline('p', ({ source }) => {
    const lines = source('lines', { codec: utf8 })
    const words = lines.flatMap(line => {
      calls++
      return line.split(' ')
    })
    const before = Stream.nodeOf(words)
    const keyed = words.keyBy('word', word => word)
    const windowed = keyed.window(tumbling(minutes(1)))
    const late = windowed.allowedLateness(seconds(5)).lateTo('late').count('late-ones')
    const plain = windowed.count('plain')
    assert.equal(Stream.nodeOf(words), before)
    const [a, b] = [late, plain].map(rows => Stream.nodeOf(rows as unknown as AnyStream) as AggregateNode)
    assert.deepEqual([a.latenessMs, a.lateTo, b.latenessMs, b.lateTo], [5_000, 'late', 0, undefined])
    return { late, plain, words: words.forEach(() => {}) }
  })
  assert.equal(calls, 0, 'building runs nothing')
  assert.ok(Object.isFrozen(built) && Object.isFrozen(built.plan))
  for (const sink of built.plan.graph.sinks) {
    assert.ok(Object.isFrozen(sink))
    for (const node of nodesOf(sink.input)) assert.ok(Object.isFrozen(node), node.kind)
  }
})

test('the same description makes an equal plan each time', () => {
  const make = () =>
    pipeline('p', ({ source }) => ({
      n: source('s', { codec: json<{ k: string }>() }).keyBy('k').count('n').top('t', 3),
    })).plan
  assert.deepEqual(
    make().stages.map(({ name, kind, sinks }) => [name, kind, sinks.length]),
    make().stages.map(({ name, kind, sinks }) => [name, kind, sinks.length]),
  )
})

test('defaults are those of the documentation', () => {
  const { plan } = pipeline('p', ({ source }) => {
    const keyed = source('s', { codec: json<{ k: string }>() }).keyBy('k')
    const running = keyed.count('running')
    const windowed = keyed.window(tumbling(minutes(1))).count('windowed')
    return { running, windowed, a: running.top('a', 1), b: windowed.top('b', 1) }
  })
  const emissions = plan.stages.flatMap(stage =>
    stage.operators.map(node => [node.name, 'emission' in node ? node.emission.kind : '']),
  )
  assert.deepEqual(Object.fromEntries(emissions), { running: 'updates', windowed: 'final', a: 'updates', b: 'final' })
  const { input } = plan.stages[0]
  assert.ok(input.kind === 'source')
  const { outOfOrderMs, idleMs, onMalformed, onError } = input.source
  assert.deepEqual(
    [outOfOrderMs, idleMs, onMalformed, onError],
    [0, Number.POSITIVE_INFINITY, 'deadLetter', 'deadLetter'],
  )
})

test('a merge that gives back its second argument does not hand out the state of a slice', () => {
  const whole = wholeAggregator({
    create: (): { n: number } | null => null,
    add: (_held, value) => ({ n: value as number }),
    merge: (a, b) => {
      const [into, from] = [a as { n: number } | null, b as { n: number } | null]
      if (into === null || from === null) return into ?? from
      into.n += from.n
      return into
    },
  })
  const [one, two] = [whole.add(null, 1, 0), whole.add(null, 2, 0)]
  const windows = [1, 2].map(() => whole.result(whole.merge(whole.merge(whole.create(), one), two)))
  assert.deepEqual(windows, [{ n: 3 }, { n: 3 }])
  assert.deepEqual([one, two], [{ n: 1 }, { n: 2 }])
})
