import { setTimeout as sleep } from 'node:timers/promises'
import type { Ports } from '../../shared/ports/index.ts'
import { lookupsHere } from '../../shared/ports/lookups.ts'
import { type Intercept, interceptPorts, type PortCall } from '../cloud/intercept-ports.ts'
import type { FromWorker, PortAnswer } from './worker-messages.ts'

/** Ports that send each call to another thread: arguments and answers are plain data. */
export function remotePorts(send: (message: FromWorker) => void): {
  ports: Ports
  answered: (answer: PortAnswer) => void
} {
  const waiting = new Map<
    number,
    { readonly resolve: (value: never) => void; readonly reject: (error: Error) => void }
  >()
  let calls = 0
  const ask = <T>(call: PortCall): Promise<T> =>
    new Promise((resolve, reject) => {
      const id = calls++
      waiting.set(id, { resolve, reject })
      send({ kind: 'call', id, call })
    })
  const answered = (answer: PortAnswer): void => {
    const call = waiting.get(answer.id)
    waiting.delete(answer.id)
    if ('error' in answer) call?.reject(new Error(answer.error))
    else call?.resolve(answer.value as never)
  }
  // What a lookup calls is a function of this thread.
  const intercept: Intercept = (call, effect) => (call.port === 'lookups' ? effect() : ask(call))
  return { ports: interceptPorts(nowhere, intercept), answered }
}

/** Carries out a call that a thread sent. */
export function callPort(ports: Ports, { port, method, args }: PortCall): Promise<unknown> {
  const call: (...values: readonly unknown[]) => Promise<unknown> = Reflect.get(Reflect.get(ports, port), method)
  return call.apply(Reflect.get(ports, port), [...args])
}

/** Every call goes to the other thread; only waiting and measuring are done here. */
const never = () => Promise.reject(new Error('Cannot call a port here: the call belongs to the main thread'))
const nowhere: Ports = {
  streams: { putRecords: never, listShards: never },
  commits: { append: never, readRing: never, writePage: never, readPage: never, expire: never },
  claims: { claim: never },
  views: { put: never, scan: never },
  deadLetters: { put: never, list: never },
  files: { write: never },
  sourceFiles: { list: never, read: never },
  lookups: lookupsHere((ms, signal) => sleep(ms, undefined, { signal })),
  clock: { sleep: ms => sleep(ms), now: Date.now },
}
