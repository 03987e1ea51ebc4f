import type { Key } from '../model/key.ts'

/** The services that a pipeline's lookups ask: the user's, not the pipeline's. */
export interface LookupsPort {
  /**
   * Runs the call where its function lives, in this process. Rejects with what the function throws, or with a TimeoutError when
   * `timeoutMs` have passed first: then its signal is aborted, and what it comes to later goes nowhere.
   */
  fetch(call: LookupCall): Promise<unknown>
}

export type LookupCall = {
  /** Name of the lookup. */
  readonly lookup: string
  readonly keys: readonly Key[]
  readonly timeoutMs: number
  run(signal: AbortSignal): Promise<unknown>
}

/** A call that did not end in time. */
export class TimeoutError extends Error {
  override readonly name = 'TimeoutError'
}

/** Resolves when `ms` have passed; may reject when the signal is aborted before, as nobody waits any more. */
export type Limit = (ms: number, signal: AbortSignal) => Promise<unknown>

/** Calls in this process, which `limit` ends; without it no time passes. */
export function lookupsHere(limit: Limit = () => new Promise(() => {})): LookupsPort {
  return {
    fetch: async ({ timeoutMs, run }) => {
      const call = new AbortController()
      const waiting = new AbortController()
      const late = limit(timeoutMs, waiting.signal).then(() => {
        const error = new TimeoutError(`it took longer than ${timeoutMs} ms`)
        call.abort(error)
        throw error
      })
      try {
        return await Promise.race([late, run(call.signal)])
      } finally {
        waiting.abort()
      }
    },
  }
}
