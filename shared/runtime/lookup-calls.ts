import { describeThrown, UserFunctionError } from '../model/errors.ts'
import { type Key, keyId } from '../model/key.ts'
import type { LookupNode } from '../plan/graph.ts'
import type { Ports } from '../ports/index.ts'
import type { Answer } from './lookup-cache.ts'

/** Before the first repetition of a call; each further pause is twice as long. */
const firstPauseMs = 100

/** All calls for a key have failed, and nothing stands in for an answer. */
export class NoAnswerError extends Error {
  override readonly name = 'NoAnswerError'
}

/** A key with its text. What `mayNotWait` is asked for whatever the time. */
export type Wanted = { readonly id: string; readonly key: Key; readonly mayNotWait: boolean }

/**
 * Asks for all keys, `concurrency` calls at a time, in the order in which they are wanted. When time is out no further call begins,
 * but for what may not wait: the keys left get no answer.
 */
export async function fetchAnswers(
  node: LookupNode,
  wanted: readonly Wanted[],
  ports: Pick<Ports, 'lookups' | 'clock'>,
  isOutOfTime: () => boolean,
  answered: (id: string, answer: Answer) => void,
): Promise<void> {
  const calls: (readonly Wanted[])[] = []
  for (let i = 0; i < wanted.length; i += node.keysPerCall) calls.push(wanted.slice(i, i + node.keysPerCall))
  let next = 0
  const lane = async (): Promise<void> => {
    while (next < calls.length) {
      const keys = calls[next]
      const mustStop = keys.some(({ mayNotWait }) => mayNotWait) ? () => false : isOutOfTime
      if (mustStop()) return
      next++
      const answers = await callWithRetries(node, keys, ports, mustStop)
      for (const [i, answer] of answers.entries()) answered(keys[i].id, answer)
    }
  }
  const lanes = await Promise.allSettled(Array.from({ length: Math.min(node.concurrency, calls.length) }, lane))
  for (const outcome of lanes) if (outcome.status === 'rejected') throw outcome.reason
}

/** One answer for each key; none when time is out before the last try. */
async function callWithRetries(
  node: LookupNode,
  wanted: readonly Wanted[],
  { lookups, clock }: Pick<Ports, 'lookups' | 'clock'>,
  mustStop: () => boolean,
): Promise<readonly Answer[]> {
  const { name, timeoutMs, retries } = node
  const keys = wanted.map(({ key }) => key)
  const call = { lookup: name, keys, timeoutMs, run: async (signal: AbortSignal) => node.fetch(keys, signal) }
  for (let tries = 1; ; tries++) {
    try {
      return answersIn(await lookups.fetch(call), wanted)
    } catch (thrown) {
      if (tries > retries) return wanted.map(({ key }) => givenUp(node, key, tries, thrown))
    }
    await clock.sleep(firstPauseMs * 2 ** (tries - 1))
    if (mustStop()) return []
  }
}

/** A map has the answers under their keys, an array in the order of the keys. */
function answersIn(found: unknown, wanted: readonly Wanted[]): Answer[] {
  if (found instanceof Map) {
    const byId = new Map([...found].map(([key, value]) => [keyId(key), value]))
    return wanted.map(({ id }) => ({ value: byId.get(id) }))
  }
  if (!Array.isArray(found)) throw new TypeError('it answered neither a Map nor an array')
  if (found.length !== wanted.length) {
    throw new TypeError(`it answered ${found.length} values for ${wanted.length} keys, expected one for each`)
  }
  return found.map(value => ({ value }))
}

/** What stands in for an answer, or why there is none: the record follows its source's `onError`. */
function givenUp(node: LookupNode, key: Key, tries: number, thrown: unknown): Answer {
  try {
    if (node.orElse !== undefined) return { value: node.orElse(key, errorOf(thrown)), standsIn: true }
    throw thrown
  } catch (cause) {
    const times = tries === 1 ? '' : `, tried ${tries} times`
    const problem = new NoAnswerError(`no answer for key ${textOf(key)}: ${describeThrown(cause)}${times}`, { cause })
    return { error: new UserFunctionError(node.name, problem) }
  }
}

const errorOf = (thrown: unknown): Error => (thrown instanceof Error ? thrown : new Error(describeThrown(thrown)))

/** For a person to read: a bigint by its digits. */
const textOf = (key: Key): string => JSON.stringify(key, (_, each) => (typeof each === 'bigint' ? String(each) : each))
