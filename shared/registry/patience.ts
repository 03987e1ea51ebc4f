/** Before a call is tried again: after 100 ms, 400 ms and 1.6 s. Three calls more are what a batch can wait for. */
const pausesMs = [100, 400, 1_600] as const

const sleep = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms))

/** Tries again, after a growing pause each time, while what was thrown may pass. */
export async function patiently<T>(call: () => Promise<T>, mayPass: (error: unknown) => boolean): Promise<T> {
  for (const ms of pausesMs) {
    try {
      return await call()
    } catch (error) {
      if (!mayPass(error)) throw error
    }
    await sleep(ms)
  }
  return call()
}

/** Asks again until there is an answer, with the same pauses and then some more. Undefined where there never was one. */
export async function polled<T>(ask: () => Promise<T | undefined>): Promise<T | undefined> {
  for (const ms of [0, ...pausesMs, 3_000, 5_000]) {
    if (ms > 0) await sleep(ms)
    const answer = await ask()
    if (answer !== undefined) return answer
  }
  return undefined
}
