import { endOfTime } from '../../../shared/model/event-time.ts'
import type { Stage } from '../../../shared/plan/plan.ts'
import { Environment } from '../../../shared/runtime/environment.ts'
import { load, loadGroups } from '../../../shared/runtime/load.ts'
import type { Checker, Observation } from '../observation.ts'

/**
 * What operators keep is bounded by the watermark: once it has reached the end of time in a key group, nothing is left of it. It looks
 * where the runtime would, with loads of its own.
 *
 * It does not look at what drops repeats: positions of producers and of writers stay for good.
 */
export const emptied: Checker = {
  name: 'emptied',
  watch: run => ({
    atEnd: async () => {
      const found: string[] = []
      for (const stage of run.plan.stages) if (stage.kind === 'logged') found.push(...(await leftIn(run, stage)))
      return found
    },
  }),
}

async function leftIn(run: Observation, stage: Stage): Promise<string[]> {
  const environment = new Environment(run.plan, stage, run.cloud.ports)
  const found: string[] = []
  const forGood = new Set(
    stage.operators.flatMap(node => (node.kind === 'distinct' && node.by === 'position' ? [node.name] : [])),
  )
  for (const shard of run.shards(stage.input.stream)) {
    await environment.shard(stage.input.stream, shard.id)
    const state = await load(environment, shard, 'alone')
    if (state === undefined || state.head.sealed) continue
    await loadGroups(environment, state, state.groups.keys())
    for (const group of state.groups.keys()) {
      if (state.context.watermarks[group] < endOfTime) continue
      for (const operator of state.operators) {
        const left = forGood.has(operator.name)
          ? []
          : operator.stores.filter(store => store.entries(group) !== undefined)
        for (const { name } of left) {
          found.push(
            `Store "${name}" of "${operator.name}" still holds key group ${group} of ${shard.id} after the end`,
          )
        }
      }
    }
  }
  return found
}
