import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { mutations } from './mutations/all.ts'
import { edited, type Mutation } from './mutations/mutation.ts'
import { type Outcome, runSeeds, tableOf } from './mutations/outcome.ts'

// The checkers must have teeth: each rule of protocol.md that was seen to be needed is taken out of the code, one at a time, and some
// seed must go red. MUTATIONS=<part of a name> runs those alone.

/** Seeds at most until a mutation must have been found. */
const mostSeeds = 2_000
const firstSeedOf = (mutation: Mutation): number => Number(process.env.MUTATION_SEED ?? mutation.firstSeed ?? 1)
const chosen = mutations.filter(({ name }) => name.includes(process.env.MUTATIONS ?? ''))
const root = join(import.meta.dirname, '../..')

describe('Mutations', () => {
  test('each replaces text that is in its file once', () => {
    for (const mutation of mutations) {
      for (const edit of mutation.edits) edited(mutation, edit, readFileSync(join(root, edit.file), 'utf8'))
    }
    assert.equal(new Set(mutations.map(({ name }) => name)).size, mutations.length)
  })

  test('each is found, and the engine as it is passes the same seeds', async t => {
    const outcomes = new Map<string, Outcome>()
    await sideBySide(chosen, async mutation => {
      const { name } = mutation
      outcomes.set(name, await runSeeds(name, name, firstSeedOf(mutation), mostSeeds))
    })
    const done = chosen.flatMap(mutation => {
      const outcome = outcomes.get(mutation.name)
      return outcome === undefined ? [] : [{ mutation, outcome }]
    })
    t.diagnostic(`\n${tableOf(done)}`)
    for (const { mutation, outcome } of done) {
      assert.equal(outcome.kind, 'found', `"${mutation.rule}" was taken out (${mutation.name}): ${outcome.message}`)
    }
    await sideBySide(hardestOf(done), async ({ mutation, outcome }) => {
      const { kind, seed, message } = await runSeeds('none', mutation.name, firstSeedOf(mutation), outcome.seeds)
      assert.equal(kind, 'green', `without a mutation, ${seed}: ${message}`)
    })
  })
})

/** As many at a time as there are cores. */
async function sideBySide<T>(all: readonly T[], work: (one: T) => Promise<void>): Promise<void> {
  const waiting = [...all]
  const worker = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) await work(next)
  }
  await Promise.all(Array.from({ length: availableParallelism() }, worker))
}

type Done = { readonly mutation: Mutation; readonly outcome: Outcome }

/** Of those that have their seeds in the same order, the one that took most of them: those that take long first. */
function hardestOf(done: readonly Done[]): readonly Done[] {
  const hardest = new Map<unknown, Done>()
  for (const each of done) {
    const order = `${each.mutation.trial ?? 'generated'} ${each.mutation.climate?.name} ${firstSeedOf(each.mutation)}`
    if ((hardest.get(order)?.outcome.seeds ?? 0) < each.outcome.seeds) hardest.set(order, each)
  }
  return [...hardest.values()].sort((a, b) => b.outcome.seeds - a.outcome.seeds)
}
