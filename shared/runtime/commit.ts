import { type CommitBody, encodeBody } from '../commit/commit-body.ts'
import { encodePage, otherSlot, readPage, writePage } from '../commit/paging.ts'
import { emptyOutbox } from '../emit/outbox.ts'
import { shapeOf } from '../plan/shape.ts'
import type { InvocationReport } from '../ports/host.ts'
import type { StoreDelta } from '../state/store.ts'
import type { Environment } from './environment.ts'
import { loadGroups, pagesOf } from './load.ts'
import type { GroupInfo, ShardState } from './shard-state.ts'

/** Expected outcomes of one step of the protocol. `stale`: another writer is ahead, load and begin again. */
export type StepOutcome = 'done' | 'stale'

/**
 * Pages what the ring must not lose: key groups whose oldest unpaged delta stands where the next version goes, or all of them when the
 * ring has grown large. As of the newest version, so the next one names them (protocol: state and pages [m]). Only called while
 * the state in memory is what the log says.
 */
export async function pageBefore(
  environment: Environment,
  state: ShardState,
  report: InvocationReport,
): Promise<StepOutcome> {
  const { version, ring } = state.head
  const isLarge = state.unpagedBytes > environment.sizes.ringBytes
  const due = [...state.groups.values()].filter(
    ({ unpagedSince }) => unpagedSince !== undefined && (isLarge || unpagedSince <= version + 1 - ring),
  )
  if (isLarge) state.unpagedBytes = 0
  return pageGroups(environment, state, due, report)
}

export async function pageGroups(
  environment: Environment,
  state: ShardState,
  due: readonly GroupInfo[],
  report: InvocationReport,
): Promise<StepOutcome> {
  if (
    (await loadGroups(
      environment,
      state,
      due.map(info => info.group),
    )) === 'stale'
  )
    return 'stale'
  const { version } = state.head
  const { commits } = environment.ports
  const { pagePartBytes } = environment.sizes
  const outcomes = await Promise.all(
    due.map(async info => {
      const bytes = encodePage(state.stores, info.group)
      const place = { stage: pagesOf(environment), group: info.group }
      return { info, bytes, outcome: await writePage(commits, place, info.named, version, bytes, pagePartBytes) }
    }),
  )
  if (outcomes.some(({ outcome }) => outcome.kind === 'stale')) return 'stale'
  for (const { info, bytes, outcome } of outcomes) {
    if (outcome.kind !== 'written') continue
    info.page = outcome.page
    info.unpagedSince = undefined
    info.pageBytes = bytes.length
    report.pageBytes += bytes.length
  }
  const others = due.filter(info => info.unpagedSince !== undefined)
  if (others.length === 0) return 'done'
  // Another engine's codec paged this version. A sealed log takes no more versions: its page is as good as ours.
  if (state.head.sealed) return takePages(environment, others, version)
  // Else a version of our own has pages of our own.
  if ((await append(environment, state, { delta: [], outbox: emptyOutbox }, report)) === 'stale') return 'stale'
  return pageGroups(environment, state, others, report)
}

/** Names the pages of a version that another writer has put where ours would go; `stale` while they are not whole. */
async function takePages(
  environment: Environment,
  groups: readonly GroupInfo[],
  version: number,
): Promise<StepOutcome> {
  for (const info of groups) {
    const page = { version, slot: otherSlot(info.named) }
    const place = { stage: pagesOf(environment), group: info.group }
    const held = await readPage(environment.ports.commits, place, page)
    if (held === undefined) return 'stale'
    info.page = page
    info.pageBytes = held.bytes
    info.unpagedSince = undefined
  }
  return 'done'
}

/** Appends the next version, with what the run changed. The log's condition makes it the commit, or makes us stale. */
export async function append(
  environment: Environment,
  state: ShardState,
  change: Pick<CommitBody, 'delta' | 'outbox'> & { readonly sealed?: boolean; readonly encoded?: Buffer },
  report: InvocationReport,
): Promise<StepOutcome> {
  const { head } = state
  const version = head.version + 1
  const body = change.encoded ?? encodeChange(state, change)
  const { commits, clock } = environment.ports
  const begunMs = clock.now()
  const outcome = await commits.append(head.log, { version, start: head.start, ring: head.ring, body })
  report.commitMs += clock.now() - begunMs
  if (outcome === 'stale') return 'stale'
  head.version = version
  head.sealed = change.sealed ?? false
  for (const info of state.groups.values()) info.named = info.page
  state.noteDelta(version, change.delta)
  state.unpublished = change.outbox
  state.noteStored(version, body.length)
  report.commits++
  report.commitBytes += body.length
  return 'done'
}

export function encodeChange(
  state: ShardState,
  change: Pick<CommitBody, 'delta' | 'outbox'> & { readonly sealed?: boolean },
): Buffer {
  return encodeBody(state.body(change.delta, change.outbox, change.sealed ?? false, shapeOf(state.stage)))
}

/** What the run changed, store by store. */
export function takeDeltas(state: ShardState): StoreDelta[] {
  return state.stores.map(store => store.takeDelta()).filter(delta => delta !== undefined)
}
