import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { test } from 'node:test'
import { faultKinds } from '../../local/simulator/fault-kinds.ts'
import type { Checker } from '../../local/simulator/observation.ts'
import { shrink } from '../../local/simulator/shrink.ts'
import { type Outcome, type SimulateOptions, simulate } from '../../local/simulator/simulate.ts'
import { generatedPipeline } from '../../local/simulator/workload/generated-pipeline.ts'
import type { Workload } from '../../local/simulator/workload/workload.ts'
import { json, pipeline } from '../../shared/index.ts'

const run = (seed: number, options: Partial<SimulateOptions> = {}): Promise<Outcome> => {
  const rebuild = () => generatedPipeline(seed).pipeline
  return simulate(generatedPipeline(seed), seed, { checkers: [], rebuild, mostRecords: 120, ...options })
}

/** Complains of the first invocation that the platform gives up on while it goes on. */
const noZombies: Checker = {
  name: 'no zombies',
  watch: () => {
    let wrong: string | undefined
    return {
      onHappening: happening => {
        if (happening.kind === 'lost' && happening.as === 'zombie') wrong = `a zombie on ${happening.at.stage}`
      },
      onStep: () => wrong,
      atEnd: () => [],
    }
  },
}

const zombieSeed = 36

test('a run in which few records make very many messages has the time that it needs', async () => {
  const { failures, steps } = await run(1795287268, { mostRecords: 97, only: new Set() })
  assert.deepEqual(failures, [])
  assert.ok(steps > 17_000, `${steps} steps are within what the records alone allow`)
})

test('the same seed is the same run, with a trace or without, and in another process', async () => {
  for (const seed of [5, 10, 18]) {
    const first = await run(seed, { trace: true })
    const second = await run(seed)
    assert.equal(second.hash, first.hash)
    assert.deepEqual(second.faults, first.faults)
    assert.ok(first.faults.length > 0, `seed ${seed} has no faults`)
  }
  const script = `
    import { simulate } from './local/simulator/simulate.ts'
    import { generatedPipeline } from './local/simulator/workload/generated-pipeline.ts'
    const rebuild = () => generatedPipeline(6).pipeline
    const { hash } = await simulate(generatedPipeline(6), 6, { checkers: [], rebuild, mostRecords: 120 })
    process.stdout.write(hash)`
  const root = new URL('../../', import.meta.url)
  const hash = execFileSync(process.execPath, ['--input-type=module', '--eval', script], {
    cwd: root,
    encoding: 'utf8',
  })
  assert.equal(hash, (await run(6)).hash)
})

test('every kind of fault happens, and everything comes to rest after each', async () => {
  const seen = new Set<string>()
  for (let seed = 1; seed <= 40 && seen.size < faultKinds.length; seed++) {
    const { faults, failures } = await run(seed)
    assert.deepEqual(failures, [], `seed ${seed}`)
    for (const { kind } of faults) seen.add(kind)
  }
  assert.deepEqual([...seen].sort(), [...faultKinds].sort())
})

test('only the faults that are asked for happen', async () => {
  const whole = await run(zombieSeed)
  const none = await run(zombieSeed, { only: new Set() })
  assert.deepEqual(none.faults, [])
  const [chosen] = whole.faults
  const one = await run(zombieSeed, { only: new Set([chosen.id]) })
  assert.deepEqual(
    one.faults.map(({ id, kind }) => ({ id, kind })),
    [{ id: chosen.id, kind: chosen.kind }],
  )
})

test('a run ends at the first complaint, and is shrunk to what it takes', async () => {
  const failing = await run(zombieSeed, { checkers: [noZombies] })
  assert.deepEqual(
    failing.failures.map(({ checker }) => checker),
    ['no zombies'],
  )
  const again = (only: ReadonlySet<string>, mostRecords: number): Promise<Outcome> =>
    run(zombieSeed, { checkers: [noZombies], only, mostRecords })
  const { outcome } = await shrink(failing, again, () => false)
  assert.equal(outcome.failures[0].checker, 'no zombies')
  assert.equal(outcome.faults.length, 1)
  assert.ok(outcome.records < failing.records)
})

test('what is still to do is said of a run that does not come to rest', async () => {
  const stubborn = pipeline('stubborn', ({ source }) => ({
    lines: source('lines', { codec: json<{ key: string }>(), onMalformed: 'fail' }).keyBy('key').count('lines'),
  }))
  const inputs = { lines: [{ partitionKey: 'p', data: Buffer.from('no json') }] }
  const workload: Workload = { pipeline: stubborn, inputs, disorder: 'unknown', describe: () => 'stubborn' }
  const { failures } = await simulate(workload, 1, { checkers: [] })
  assert.equal(failures[0].checker, 'convergence')
  assert.match(
    failures[0].message,
    /^not at rest \d+ steps after the last fault: .*lines.*, last error "Cannot read JSON/,
  )
})
