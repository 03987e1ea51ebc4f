import type { Ports } from '../../shared/ports/index.ts'

/** A call of a port, told apart by `port` and `method`. What answers at once, as the clock's `now`, is no call. */
export type PortCall = { [Port in keyof Ports]: CallOf<Port> }[keyof Ports]

/**
 * Stands between the engine and a port. It may refuse before `effect` (the request was lost), after it (the answer was lost), run it
 * later or twice: all that a network does. What it returns or throws is what the engine sees.
 */
export type Intercept = <T>(call: PortCall, effect: () => Promise<T>) => Promise<T>

/** The same ports, with every call going through `intercept`. */
export function interceptPorts(ports: Ports, intercept: Intercept): Ports {
  const { streams, commits, claims, views, deadLetters, files, sourceFiles, lookups, clock } = ports
  return {
    streams: {
      putRecords: (...args) =>
        intercept({ port: 'streams', method: 'putRecords', args }, () => streams.putRecords(...args)),
      listShards: (...args) =>
        intercept({ port: 'streams', method: 'listShards', args }, () => streams.listShards(...args)),
    },
    commits: {
      append: (...args) => intercept({ port: 'commits', method: 'append', args }, () => commits.append(...args)),
      readRing: (...args) => intercept({ port: 'commits', method: 'readRing', args }, () => commits.readRing(...args)),
      writePage: (...args) =>
        intercept({ port: 'commits', method: 'writePage', args }, () => commits.writePage(...args)),
      readPage: (...args) => intercept({ port: 'commits', method: 'readPage', args }, () => commits.readPage(...args)),
      expire: (...args) => intercept({ port: 'commits', method: 'expire', args }, () => commits.expire(...args)),
    },
    claims: { claim: (...args) => intercept({ port: 'claims', method: 'claim', args }, () => claims.claim(...args)) },
    views: {
      put: (...args) => intercept({ port: 'views', method: 'put', args }, () => views.put(...args)),
      scan: (...args) => intercept({ port: 'views', method: 'scan', args }, () => views.scan(...args)),
    },
    deadLetters: {
      put: (...args) => intercept({ port: 'deadLetters', method: 'put', args }, () => deadLetters.put(...args)),
      list: (...args) => intercept({ port: 'deadLetters', method: 'list', args }, () => deadLetters.list(...args)),
    },
    files: { write: (...args) => intercept({ port: 'files', method: 'write', args }, () => files.write(...args)) },
    sourceFiles: {
      list: (...args) => intercept({ port: 'sourceFiles', method: 'list', args }, () => sourceFiles.list(...args)),
      read: (...args) => intercept({ port: 'sourceFiles', method: 'read', args }, () => sourceFiles.read(...args)),
    },
    lookups: {
      fetch: (...args) => intercept({ port: 'lookups', method: 'fetch', args }, () => lookups.fetch(...args)),
    },
    clock: {
      sleep: (...args) => intercept({ port: 'clock', method: 'sleep', args }, () => clock.sleep(...args)),
      now: () => clock.now(),
    },
  }
}

type CallOf<Port extends keyof Ports> = {
  [Method in keyof Ports[Port]]: Ports[Port][Method] extends (...args: infer Args) => Promise<unknown>
    ? { readonly port: Port; readonly method: Method; readonly args: Args }
    : never
}[keyof Ports[Port]]
