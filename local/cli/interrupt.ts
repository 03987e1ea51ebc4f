import type { StopSignal } from './errors.ts'

/**
 * Runs `work` with a signal that the first Ctrl-C, or request to end, aborts, and waits for it: what is under way is finished. A second
 * one ends the process as it would without us. Answers which signal it was, if any.
 */
export async function untilInterrupted(
  work: (stop: AbortSignal) => Promise<void>,
): Promise<{ readonly signal: StopSignal | undefined }> {
  const stop = new AbortController()
  let signal: StopSignal | undefined
  const onSignal = (name: StopSignal) => {
    signal = name
    for (const each of stopSignals) process.off(each, onSignal)
    stop.abort()
  }
  for (const name of stopSignals) process.on(name, onSignal)
  try {
    await work(stop.signal)
  } finally {
    for (const name of stopSignals) process.off(name, onSignal)
  }
  return { signal }
}

export const stopSignals: readonly StopSignal[] = ['SIGINT', 'SIGTERM']
