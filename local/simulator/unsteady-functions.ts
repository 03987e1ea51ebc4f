import type { Invocation } from './invocation.ts'
import { nameOf, shardNumber, type World } from './world.ts'

/**
 * Makes the workload's functions throw at random, until what it answers with is called. Only those that run in a stage with state, which
 * believes no error before it has seen it twice: a stage without state follows the source's policy at once, and the records that it
 * drops would depend on the run. Once an invocation at most, as two errors of one record are believed.
 */
export function unsettle(world: World): () => void {
  const { unsteadiness } = world.workload
  if (unsteadiness === undefined || world.climate.rates.flaky === 0) return () => {}
  const done = new WeakSet<Invocation>()
  const logged = new Set(world.plan.stages.flatMap(({ name, kind }) => (kind === 'logged' ? [name] : [])))
  unsteadiness.throwsNow = () => {
    const { active } = world
    if (active === undefined || done.has(active) || !logged.has(active.process.stage)) return false
    const drawn = world.dice.roll(`${active.process.stage} ${shardNumber(active.shard)} function`, ['flaky'])
    if (drawn === undefined) return false
    done.add(active)
    world.suffer(drawn, `a function throws in ${nameOf(active)}`)
    return true
  }
  return () => unsteadiness.calm()
}
