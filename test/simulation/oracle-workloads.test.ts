import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { json, pipeline } from 'millrace'
import { orders } from '../../functions/orders/pipeline.ts'
import { samples as orderSamples } from '../../functions/orders/samples.ts'
import { wordCount } from '../../functions/word-count/pipeline.ts'
import { samples as lineSamples } from '../../functions/word-count/samples.ts'
import { Random } from '../../local/simulator/random.ts'
import { generatedPipeline } from '../../local/simulator/workload/generated-pipeline.ts'
import { type Workload, type WorkloadRecord, workloadOf } from '../../local/simulator/workload/workload.ts'
import { positionText } from '../../shared/model/position.ts'
import { driveWorkload } from './drive-workload.ts'

const seeds = Number(process.env.ORACLE_SEEDS ?? 60)
const firstSeed = Number(process.env.ORACLE_SEED ?? 1)

describe('the engine comes to what the oracle says, without faults', () => {
  it(`on generated pipelines, ${seeds} seeds`, async t => {
    const checked: Record<string, number> = {}
    for (let seed = firstSeed; seed < firstSeed + seeds; seed++) {
      const workload = generatedPipeline(seed)
      // On one shard it is known which late records expire, on several it is not.
      const shards = workload.disorder === 'beyond' && seed % 3 > 0 ? 1 : 1 + (seed % 3)
      const { expected, differences } = await driveWorkload(workload, { shards, seed })
      assert.deepEqual(differences, [], workload.describe())
      for (const { kind } of expected.outputs.values()) checked[kind] = (checked[kind] ?? 0) + 1
    }
    t.diagnostic(`outputs by how they were checked: ${JSON.stringify(checked)}`)
  })

  it('on the orders example', async () => {
    const random = new Random(7)
    const { expected, differences } = await driveWorkload(workloadOf(orders, orderSamples, { random, count: 2_000 }), {
      shards: 3,
      seed: 7,
    })
    assert.deepEqual(differences, [])
    assert.ok([...expected.outputs.values()].every(({ kind }) => kind === 'rows'))
  })

  it('on a stream that another pipeline wrote, with repeats and records that none wrote', async () => {
    const reader = pipeline('reader', ({ pipelineSource }) => {
      const visits = pipelineSource('visits', { codec: json<{ page: string }>() })
      return { pages: visits.keyBy('page').count('visits-per-page'), copies: visits.toFiles(json<{ page: string }>()) }
    })
    const random = new Random(9)
    const records: WorkloadRecord[] = []
    for (let i = 0; i < 300; i++) {
      const partitionKey = `writer/shard/${i % 7}/${positionText(String(i), 0, 0)}`
      records.push({ partitionKey, data: Buffer.from(JSON.stringify({ page: `/${i % 5}` })) })
      if (random.chance(0.3)) records.push(records[random.below(records.length)])
      if (random.chance(0.05)) records.push({ partitionKey: 'somebody', data: Buffer.from('{}') })
    }
    const workload: Workload = { pipeline: reader, inputs: { visits: records }, disorder: 'within', describe: () => '' }
    const { expected, differences } = await driveWorkload(workload, { shards: 1, seed: 9 })
    assert.deepEqual(differences, [])
    const copies = expected.outputs.get('copies')
    assert.equal(copies?.kind === 'values' && copies.isWhole && copies.values.length, 300)
  })

  it('on the word-count example', async () => {
    const random = new Random(8)
    const workload = workloadOf(wordCount, lineSamples, { random, count: 300, partitionKeys: 5 })
    assert.deepEqual((await driveWorkload(workload, { shards: 2, seed: 8 })).differences, [])
  })
})
