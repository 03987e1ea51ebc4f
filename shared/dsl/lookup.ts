import { type Duration, seconds } from '../model/duration.ts'
import { ConfigurationError } from '../model/errors.ts'
import type { Key } from '../model/key.ts'
import type { LookupNode, Node } from '../plan/graph.ts'

/** What a call is given besides its key: the signal is aborted when nobody waits for the answer any more. */
export type LookupContext = { readonly signal: AbortSignal }

type Promised<T> = Promise<T> | T

/** How a lookup asks: for one key at a time with `fetch`, or for several with `fetchAll`. */
type Fetching<K extends Key, A> =
  | {
      /** The answer for a key; undefined when there is none. */
      readonly fetch: (key: K, context: LookupContext) => Promised<A | undefined>
      readonly fetchAll?: never
      readonly keysPerCall?: never
    }
  | {
      readonly fetch?: never
      /** The answers for several keys, each once: a Map by key, or an array in the order of the keys. */
      readonly fetchAll: (
        keys: readonly K[],
        context: LookupContext,
      ) => Promised<ReadonlyMap<K, A> | readonly (A | undefined)[]>
      /** Most keys of a call. @default 100 */
      readonly keysPerCall?: number
    }

/** Answers that a warm environment keeps for later batches. */
export type LookupCache = {
  /** Most answers: those used last stay. */
  readonly most: number
  /** How long an answer is good for. */
  readonly ttl: Duration
  /** Whether it is also kept that there is no answer. @default true */
  readonly missing?: boolean
}

/** How a lookup asks, and what it does with what comes of it. */
export type LookupOptions<T, K extends Key, A> = Fetching<K, A> & {
  /** What is asked for. Undefined: nothing is asked, as if nothing had been found. Write it before `fetch`, which takes its type. */
  readonly key: (value: T) => K | undefined
  /** Left out, answers are kept for their batch alone. */
  readonly cache?: LookupCache
  /** Longest time of a call. @default 5 seconds */
  readonly timeout?: Duration
  /** Most calls at a time, of one invocation. @default 32 */
  readonly concurrency?: number
  /** How often a call that fails is repeated, after a pause that doubles. @default 2 */
  readonly retries?: number
  /** An answer for a key whose calls have all failed; a TimeoutError says that the last took too long. Without it the record follows `onError`. */
  readonly orElse?: (key: K, error: Error) => A | undefined
}

const defaults = { keysPerCall: 100, timeout: seconds(5), concurrency: 32, retries: 2 }

/** Throws a ConfigurationError for numbers that make no sense. */
export function lookupNode<T, K extends Key, A, R>(
  input: Node,
  name: string,
  options: LookupOptions<T, K, A>,
  combine: (value: T, answer: A | undefined) => R,
): LookupNode {
  const { key, cache, orElse } = options
  const cannot = (option: string, found: number, expected: string): never => {
    throw new ConfigurationError(`Cannot make lookup "${name}": ${option} is ${found}, expected ${expected}`)
  }
  const whole = (option: string, count: number, least: number): number => {
    if (!Number.isInteger(count) || count < least) cannot(option, count, `a whole number of ${least} or more`)
    return count
  }
  const timeoutMs = options.timeout ?? defaults.timeout
  if (timeoutMs < 1) cannot('timeout', timeoutMs, 'a millisecond or more')
  return Object.freeze({
    kind: 'lookup',
    input,
    name,
    key,
    fetch: fetchOf(options),
    keysPerCall:
      options.fetchAll === undefined ? 1 : whole('keysPerCall', options.keysPerCall ?? defaults.keysPerCall, 1),
    concurrency: whole('concurrency', options.concurrency ?? defaults.concurrency, 1),
    timeoutMs,
    retries: whole('retries', options.retries ?? defaults.retries, 0),
    ...(cache && {
      cache: { most: whole('cache.most', cache.most, 1), ttlMs: cache.ttl, missing: cache.missing ?? true },
    }),
    ...(orElse && { orElse }),
    combine,
  })
}

function fetchOf<K extends Key, A>(options: Fetching<K, A>): LookupNode['fetch'] {
  if (options.fetchAll !== undefined) {
    const { fetchAll } = options
    return (keys: readonly K[], signal: AbortSignal) => fetchAll(keys, { signal })
  }
  const { fetch } = options
  return async ([key]: readonly K[], signal: AbortSignal) => [await fetch(key, { signal })]
}
