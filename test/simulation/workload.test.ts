import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { wordCount } from '../../functions/word-count/pipeline.ts'
import { Random } from '../../local/simulator/random.ts'
import { generatedPipeline } from '../../local/simulator/workload/generated-pipeline.ts'
import { workloadOf } from '../../local/simulator/workload/workload.ts'
import type { Node } from '../../shared/plan/graph.ts'
import { inputsOf } from '../../shared/plan/graph.ts'
import type { Plan } from '../../shared/plan/plan.ts'

describe('random numbers', () => {
  it('are the same for a seed, for good', () => {
    const random = new Random(2_026)
    assert.deepEqual(
      Array.from({ length: 5 }, () => random.below(1_000_000)),
      [290176, 68593, 129961, 410729, 33527],
    )
  })

  it('differ between seeds, small and large', () => {
    const seeds = [0, 1, 2, -1, 2 ** 32, 2 ** 32 + 1, Number.MAX_SAFE_INTEGER]
    assert.equal(new Set(seeds.map(seed => new Random(seed).next())).size, seeds.length)
  })

  it('of a part depend on its name and the seed alone', () => {
    const drawn = new Random(5)
    drawn.next()
    assert.equal(drawn.fork('a').next(), new Random(5).fork('a').next())
    assert.notEqual(drawn.fork('a').next(), drawn.fork('b').next())
  })

  it('fill their range evenly', () => {
    const random = new Random(3)
    const counts = new Array<number>(10).fill(0)
    for (let i = 0; i < 100_000; i++) counts[random.between(0, 9)]++
    assert.ok(
      counts.every(count => Math.abs(count - 10_000) < 500),
      String(counts),
    )
  })
})

describe('generated workloads', () => {
  it('are the same for a seed', () => {
    for (const seed of [1, 2, 3]) {
      const [one, other] = [generatedPipeline(seed), generatedPipeline(seed)]
      assert.equal(one.describe(), other.describe())
      assert.deepEqual(one.inputs, other.inputs)
    }
  })

  it('hold every operator, window, emission and sink before long, at about 500 records and 3 stages', () => {
    const seen = new Set<string>()
    let [records, stages] = [0, 0]
    const count = 200
    for (let seed = 0; seed < count; seed++) {
      const { pipeline, inputs, disorder, isMalformed, isUnlucky } = generatedPipeline(seed)
      for (const what of partsOf(pipeline.plan)) seen.add(what)
      seen.add(disorder)
      if (isMalformed) seen.add('malformed')
      if (isUnlucky) seen.add('unlucky')
      stages += pipeline.plan.stages.length
      records += Object.values(inputs).flat().length
    }
    assert.deepEqual(
      expectedParts.filter(part => !seen.has(part)),
      [],
    )
    assert.ok(records / count > 350 && records / count < 650, `${records / count} records`)
    assert.ok(stages / count > 2.5 && stages / count < 6, `${stages / count} stages`)
  })
})

const expectedParts = [
  ...['source', 'map', 'filter', 'flatMap', 'peek', 'branch', 'arm', 'union', 'side', 'keyBy', 'distinct', 'top'],
  ...['tumbling', 'hopping', 'session', 'global', 'so far', 'lateness', 'lateTo'],
  ...['count', 'sum', 'min', 'max', 'average', 'reduce', 'aggregate'],
  ...['final', 'updates', 'complete', 'every'],
  ...['to view', 'to stream', 'to files', 'to forEach'],
  ...['within', 'beyond', 'malformed', 'unlucky'],
]

function partsOf({ graph }: Plan): Set<string> {
  const parts = new Set<string>()
  const visit = (node: Node): void => {
    parts.add(node.kind)
    if (node.kind === 'aggregate') {
      parts
        .add(node.function)
        .add(node.windows?.kind ?? 'so far')
        .add(node.emission.kind)
      if (node.latenessMs > 0) parts.add('lateness')
      if (node.lateTo !== undefined) parts.add('lateTo')
    }
    for (const input of inputsOf(node)) visit(input)
  }
  for (const sink of graph.sinks) {
    parts.add(`to ${sink.kind}`)
    visit(sink.input)
  }
  return parts
}

describe('workloads of a pipeline of one’s own', () => {
  const random = new Random(1)

  it('take lines or what makes them', () => {
    const given = workloadOf(wordCount, { lines: ['a b', 'c'] }, { random, count: 0 })
    assert.deepEqual(
      given.inputs.lines.map(({ data }) => Buffer.from(data).toString()),
      ['a b', 'c'],
    )
    const made = workloadOf(wordCount, { lines: (_, count) => new Array(count).fill('x') }, { random, count: 4 })
    assert.equal(made.inputs.lines.length, 4)
  })

  it('are refused without records for a source, and with records for none', () => {
    assert.throws(
      () => workloadOf(wordCount, {}, { random, count: 1 }),
      /source "lines" has no records, export samples/,
    )
    assert.throws(
      () => workloadOf(wordCount, { lines: [], words: [] }, { random, count: 1 }),
      /there are records for "words", which is no source of it, expected "lines"/,
    )
  })
})
