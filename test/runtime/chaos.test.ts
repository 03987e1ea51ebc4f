import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Await, type DriverOf, drive, type Fault } from 'millrace/testing'
import { Random } from '../cloud/random.ts'
import { chaos, disorderMs, evaluate, type Happening } from './chaos-pipeline.ts'

const seeds = Number(process.env.CHAOS_SEEDS ?? 150)
const firstSeed = Number(process.env.CHAOS_SEED ?? 1)
/** Of every tenth seed more: then the rings of commits come round. */
const rounds = (seed: number): number => (seed % 10 === 0 ? 60 : 12)

test(`results are those of the batch evaluation, whatever fails: ${seeds} seeds`, async t => {
  let awaits = 0
  let faults = 0
  for (let seed = firstSeed; seed < firstSeed + seeds; seed++) {
    const told = await disturb(seed).catch(error => {
      throw new Error(`seed ${seed}: ${error.message}`, { cause: error })
    })
    awaits += told.awaits
    faults += told.faults
  }
  t.diagnostic(`${awaits} awaits, ${faults} of them went wrong`)
})

async function disturb(seed: number) {
  const random = new Random(seed)
  const rate = random.pick([0, 0.02, 0.05, 0.1, 0.2])
  let isHealed = false
  let faults = 0
  const faultAt = (_at: Await): Fault | undefined => {
    if (isHealed || random.next() >= rate) return undefined
    faults++
    return anyFault(random)
  }
  const run = drive(chaos, {
    auto: false,
    shards: { left: 1 + random.below(3), right: 1 + random.below(2), user: 1 + random.below(3) },
    batchSize: 1 + random.below(20),
    faults: faultAt,
  })
  const all: Happening[] = []
  const left: Happening[] = []
  let clock = 1_000
  for (let round = 0; round < rounds(seed); round++) {
    const pushed = Array.from({ length: random.below(15) }, () => {
      clock += random.below(12)
      return happening(random, clock - random.below(disorderMs))
    })
    all.push(...pushed)
    if (random.below(2) === 0) {
      left.push(...pushed)
      await run.left.push(...pushed)
    } else {
      await run.right.push(...pushed)
    }
    await actAtRandom(run, random)
    for (let steps = random.below(12); steps > 0; steps--) await run.step(random.pick(stages))
  }
  isHealed = true
  await run.left.end()
  await run.right.end()
  await run.settle()
  const seen = {
    windows: run.perWindow
      .rows()
      .map(row => `${row.key} ${row.window.end} ${row.value}`)
      .sort(),
    soFar: run.soFar.rows(),
    sessions: run.sessions
      .rows()
      .map(({ key, window, value }) => `${key} ${window.start} ${window.end} ${value}`)
      .sort(),
    best: run.best.rows(),
    buckets: run.buckets.rows(),
    kinds: run.kinds.rows(),
    archive: (await run.archive.values()).map(each => JSON.stringify(each)).sort(),
  }
  assert.deepEqual(seen, evaluate(all, left))
  assert.deepEqual([...run.calls.values()].sort(), seen.windows, 'what forEach was called with')
  for (const stage of stages) {
    const { log } = await run.stageTotals(stage)
    assert.deepEqual({ expired: log.expired, late: log.late, deadLetters: log.deadLetters }, none, `late in "${stage}"`)
  }
  return { awaits: run.awaits.length, faults }
}

const none = { expired: 0, late: 0, deadLetters: 0 }
const stages = ['left', 'right', 'user', 'best', 'bucket', 'kind', 'of'] as const

function happening(random: Random, at: number): Happening {
  const kind = `${random.pick(['a', 'b', 'c'])}${random.below(6)}`
  return { at, user: `u${random.below(7)}`, kind, amount: 1 + random.below(9) }
}

function anyFault(random: Random): Fault {
  const awaits = random.below(20)
  const when = random.pick(['before', 'after'] as const)
  switch (random.below(6)) {
    case 0:
    case 1:
      return { kind: 'crash', when }
    case 2:
      return { kind: 'lost', what: random.pick(['request', 'answer'] as const) }
    case 3:
      return { kind: 'late', awaits }
    default:
      return { kind: 'zombie', when, awaits }
  }
}

async function actAtRandom(run: DriverOf<typeof chaos>, random: Random): Promise<void> {
  const stage = random.pick(stages)
  switch (random.below(10)) {
    case 0:
    case 1:
      return run.batchSize(1 + random.below(20))
    case 2:
      return run.evict(stage)
    case 3:
      return run.environments(1 + random.below(3), stage)
    case 4:
      return run.tick()
    case 5:
      if (run.shards(stage).length < 4) await run.split(stage, random.pick(run.shards(stage)))
      return
    case 6:
      if (run.shards(stage).length > 1) await run.merge(stage)
      return
  }
}
