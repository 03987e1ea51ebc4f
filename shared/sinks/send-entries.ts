import { describeThrown } from '../model/errors.ts'
import type { Tries } from './patience.ts'

/** What a service said of one entry of a call. */
export type EntryOutcome =
  | { readonly kind: 'taken' }
  /** `isFinal` where trying again will not help. */
  | { readonly kind: 'refused'; readonly reason: string; readonly isFinal: boolean }

/** Calls in flight at once. */
const concurrency = 4

/**
 * Sends every entry, in calls of some at a time that go side by side, and those again that were refused. Order is kept only between
 * different uses of this function. Throws an Error when an entry is refused for good, or `tries` times.
 */
export async function sendEntries<E>(
  doing: string,
  calls: readonly (readonly E[])[],
  tries: Tries,
  send: (entries: readonly E[]) => Promise<readonly EntryOutcome[]>,
): Promise<void> {
  for (let from = 0; from < calls.length; from += concurrency) {
    const settled = await Promise.allSettled(
      calls.slice(from, from + concurrency).map(call => sendCall(doing, call, tries, send)),
    )
    // All have ended: none goes on in the background while the batch is tried again.
    for (const each of settled) if (each.status === 'rejected') throw each.reason
  }
}

async function sendCall<E>(
  doing: string,
  entries: readonly E[],
  tries: Tries,
  send: (entries: readonly E[]) => Promise<readonly EntryOutcome[]>,
): Promise<void> {
  let left = entries
  let reason = ''
  for (let attempt = 1; attempt <= tries.most; attempt++) {
    await tries.pause(attempt)
    const outcomes = await send(left).catch(error => {
      throw new Error(`Cannot ${doing}: ${reasonOf(error)}`, { cause: error })
    })
    const refused: E[] = []
    for (const [i, outcome] of outcomes.entries()) {
      if (outcome.kind === 'taken') continue
      if (outcome.isFinal) throw new Error(`Cannot ${doing}: an entry was refused with "${outcome.reason}"`)
      reason = outcome.reason
      refused.push(left[i])
    }
    if (refused.length === 0) return
    left = refused
  }
  throw new Error(`Cannot ${doing}: ${left.length} entries were refused ${tries.most} times, last with "${reason}"`)
}

/** A service's errors have names, those of the network codes. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error) || error.name === 'Error') return describeThrown(error)
  return error.message === '' ? error.name : `${error.name}: ${error.message}`
}
