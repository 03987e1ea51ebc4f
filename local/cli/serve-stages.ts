import { setTimeout as sleep } from 'node:timers/promises'
import type { Deployment } from '../functions/deployment.ts'

/** What is between two stages is waited for this long: a batch that fails again and again would never let it end. */
const longestDrainMs = 5_000

/**
 * Serves all stages until `stop`, or until `drain`: then the sources end first, and the others once they have dealt with what was sent to
 * them. Rejects with the first error that stops a stage, after the others have ended.
 */
export async function serveStages(
  deployment: Deployment,
  { stop, drain }: { readonly stop: AbortSignal; readonly drain: AbortSignal },
): Promise<void> {
  const failed = new AbortController()
  const drained = new AbortController()
  const ended = AbortSignal.any([stop, failed.signal])
  const sourcesEnd = AbortSignal.any([ended, drain])
  const othersEnd = AbortSignal.any([ended, drained.signal])
  const runAll = (kind: 'source' | 'shuffle', end: AbortSignal) =>
    mappingsBehind(deployment, kind).map(mapping =>
      mapping.run(end).catch(error => {
        failed.abort()
        throw error
      }),
    )

  const sources = runAll('source', sourcesEnd)
  const others = runAll('shuffle', othersEnd)
  await Promise.allSettled(sources)
  await idle(deployment, ended)
  drained.abort()
  for (const result of await Promise.allSettled([...sources, ...others])) {
    if (result.status === 'rejected') throw result.reason
  }
}

function mappingsBehind(deployment: Deployment, kind: 'source' | 'shuffle') {
  return deployment.plan.stages.flatMap(({ name, input }) => {
    const mapping = deployment.mappings.get(name)
    return input.kind === kind && mapping !== undefined ? [mapping] : []
  })
}

async function idle(deployment: Deployment, ended: AbortSignal): Promise<void> {
  const others = mappingsBehind(deployment, 'shuffle')
  const deadline = performance.now() + longestDrainMs
  while (!ended.aborted && performance.now() < deadline && !others.every(mapping => mapping.isIdle())) await sleep(10)
}
