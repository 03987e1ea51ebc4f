import { StopDeploymentError } from '../../shared/model/errors.ts'

const firstPauseMs = 100
const longestPauseMs = 5_000
/** What fails for so long will not mend itself. */
const mostFailingMs = 60_000

/** Tries again, waiting longer each time; undefined when `signal` is aborted. Rejects with what does not mend itself. */
export async function patiently<T>(signal: AbortSignal, call: () => Promise<T>): Promise<T | undefined> {
  const began = performance.now()
  for (let pauseMs = firstPauseMs; !signal.aborted; pauseMs = Math.min(2 * pauseMs, longestPauseMs)) {
    try {
      return await call()
    } catch (error) {
      if (signal.aborted) return undefined
      if (isLasting(error, performance.now() - began)) throw error
      await pause(pauseMs)
    }
  }
  return undefined
}

/**
 * A person must act: the stream is gone, access is denied; or it was made anew, and knows nothing of where reading stood. Who reads the
 * stream too may have it throttled for long.
 */
function isLasting(error: unknown, forMs: number): boolean {
  if (error instanceof StopDeploymentError) return true
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause.name : ''
  return cause === 'InvalidArgumentException' || (forMs > mostFailingMs && !throttled.has(cause))
}

const throttled = new Set(['ProvisionedThroughputExceededException', 'LimitExceededException', 'ThrottlingException'])

export const pause = (ms: number): Promise<void> =>
  ms > 0 ? new Promise(resolve => setTimeout(resolve, ms)) : Promise.resolve()
