import { once as event } from 'node:events'
import type { Command } from 'commander'
import { describeThrown } from '../../shared/model/errors.ts'
import { MemoryRegistryStore } from '../../shared/registry/memory-store.ts'
import { type ServedRegistry, serveRegistry } from '../registry/serve.ts'
import { SqliteRegistryStore } from '../registry/sqlite-registry-store.ts'
import { type Terminal, UsageError } from './command-line.ts'
import { InterruptedError } from './errors.ts'
import { untilInterrupted } from './interrupt.ts'
import { numberIn, once } from './once.ts'

type ServeOptions = { readonly port?: string; readonly host?: string; readonly data?: string }

/** As Confluent's. */
const usualPort = '8081'

/** `millrace registry serve`: a schema registry on a port of this machine, until it is told to end. */
export function addRegistryServe(registry: Command, terminal: Terminal): void {
  registry
    .command('serve')
    .description('run a schema registry on a port of this machine')
    .option('--port <number>', `the port to listen at, 0 for one that is free (default: ${usualPort})`, once('--port'))
    .option('--host <address>', 'the address to listen at (default: 127.0.0.1, this machine alone)', once('--host'))
    .option(
      '--data <folder>',
      'a data folder that keeps the schemas (default: none, they are gone with the command)',
      once('--data'),
    )
    .action((options: ServeOptions) => serve(options, terminal))
}

async function serve({ port = usualPort, host = '127.0.0.1', data }: ServeOptions, terminal: Terminal): Promise<void> {
  const number = numberIn('--port', port, 0, 65_535)
  const store = data === undefined ? undefined : new SqliteRegistryStore(data)
  try {
    const served = await listening(number, host, store ?? new MemoryRegistryStore())
    const kept = data === undefined ? 'nothing is kept' : `schemas are kept in "${data}"`
    terminal.err(`Schema registry at ${served.url}, ${kept}. Ctrl-C ends it\n`)
    const { signal } = await untilInterrupted(async stop => {
      if (!stop.aborted) await event(stop, 'abort')
      await served.close()
    })
    if (signal !== undefined) throw new InterruptedError(signal, 'Stopped the schema registry')
  } finally {
    store?.close()
  }
}

async function listening(
  port: number,
  host: string,
  store: MemoryRegistryStore | SqliteRegistryStore,
): Promise<ServedRegistry> {
  try {
    return await serveRegistry({ store, port, host })
  } catch (error) {
    const isTaken = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE'
    const fault = isTaken ? 'it is taken, give another --port, or 0 for a free one' : describeThrown(error)
    throw new UsageError(`Cannot listen at port ${port} of ${host}: ${fault}`)
  }
}
