/** Emulators from npm that have no types of their own. */
declare module 'kinesalite' {
  import type { Server } from 'node:http'
  export default function kinesalite(options: {
    createStreamMs: number
    deleteStreamMs: number
    updateStreamMs: number
    shardLimit: number
  }): Server
}

declare module 'dynalite' {
  import type { Server } from 'node:http'
  export default function dynalite(options: {
    createTableMs: number
    deleteTableMs: number
    updateTableMs: number
  }): Server
}
