import { Option } from 'commander'
import type { Pipeline } from '../../shared/dsl/pipeline.ts'
import { loadPipeline } from '../functions/load-pipeline.ts'
import { type AwsOptions, addAwsOptions, awsPlace } from './aws-options.ts'
import type { AddCommand, Terminal } from './command-line.ts'
import { defaultFolder } from './data-folder-client.ts'
import type { SessionOptions } from './dev-session.ts'
import { type FromSession, supervise, type ToSession } from './dev-supervisor.ts'
import { importedFiles } from './imported-files.ts'
import { stopSignals } from './interrupt.ts'
import { collected, numberIn, once } from './once.ts'
import { batchSizesFrom, inputsFrom, shardsFrom } from './run-options.ts'
import type { SessionEnd } from './serve-session.ts'

type DevOptions = AwsOptions & {
  readonly pipeline?: string
  readonly input: readonly string[]
  readonly shards?: string
  readonly batchSize?: string
  readonly tick?: string
  readonly watch: boolean
  readonly supervised?: true
}

/** `millrace dev`: keeps a pipeline running on this machine, and starts it again when its files are saved. */
export const addDev: AddCommand = (program, terminal) => {
  const command = program
    .command('dev')
    .description('keep a pipeline running, start it again when its files are saved')
    .argument('<pipeline>', 'the module that exports it')
    .option('--data <folder>', 'where streams, state and views are kept (default: .millrace/PIPELINE)', once('--data'))
    .option('--pipeline <name>', 'which pipeline, where the module exports several', once('--pipeline'))
    .addOption(
      new Option(
        '--input <source=file>',
        'put the lines of a file in a source once, or of the files of a folder as they come',
      )
        .default([], 'none')
        .argParser(collected),
    )
    .option('--shards <stage=number,...>', 'shards of streams that are made now (default: 1)', once('--shards'))
    .option(
      '--batch-size <number>',
      'records of a batch, for all stages or as in trades=100,side=500',
      once('--batch-size'),
    )
    .option('--tick <seconds>', 'how often time is told where nothing arrives (default: 60)', once('--tick'))
    .option('--no-watch', 'do not start again when files are saved')
    .addOption(new Option('--supervised').hideHelp())
  addAwsOptions(command).action((file: string, options: DevOptions) => dev(file, options, terminal))
}

async function dev(file: string, options: DevOptions, terminal: Terminal): Promise<void> {
  if (!options.supervised && options.watch) process.exit(await supervise(terminal))
  const orders = options.supervised ? supervisorOrders() : signalOrders()
  try {
    const { files, result } = await importedFiles(() => loadPipeline(file, options.pipeline))
    orders.tell({ kind: 'read', files })
    if (result.status === 'rejected') throw result.reason
    orders.tell({ kind: 'loaded' })
    const place = awsPlace(options)
    if (place !== undefined) {
      const { devSessionAt } = await import('./dev-session-at.ts')
      return await devSessionAt({ ...commonSettings(result.value, options, terminal), place }, orders)
    }
    // The engine: no other command waits for it to be read.
    const { devSession } = await import('./dev-session.ts')
    await devSession(settingsOf(result.value, options, terminal), orders)
  } finally {
    orders.close()
  }
}

const settingsOf = (pipeline: Pipeline<unknown, unknown>, options: DevOptions, terminal: Terminal): SessionOptions => ({
  ...commonSettings(pipeline, options, terminal),
  folder: options.data ?? defaultFolder(pipeline.name),
})

function commonSettings(
  pipeline: Pipeline<unknown, unknown>,
  options: DevOptions,
  terminal: Terminal,
): Omit<SessionOptions, 'folder'> {
  const { plan } = pipeline
  return {
    pipeline,
    terminal,
    inputs: inputsFrom(plan, options.input, 'some'),
    shards: shardsFrom(plan, options.shards),
    batchSizes: batchSizesFrom(plan, options.batchSize),
    tickMs: 1_000 * numberIn('--tick', options.tick ?? '60', 1, 86_400),
  }
}

type Orders = SessionEnd & {
  readonly tell: (message: FromSession) => void
  readonly close: () => void
}

/** Of the supervisor, on the channel to it. Without a supervisor the session ends too: nobody would start it again. */
function supervisorOrders(): Orders {
  const stop = new AbortController()
  const drain = new AbortController()
  const ignore = () => undefined
  process.on('message', (message: ToSession) => (message.kind === 'stop' ? stop : drain).abort())
  process.on('disconnect', () => stop.abort())
  process.on('SIGTERM', () => stop.abort())
  process.on('SIGINT', ignore)
  return {
    stop: stop.signal,
    drain: drain.signal,
    tell: message => void process.send?.(message, ignore),
    close: () => process.connected && process.disconnect(),
  }
}

/** Of the terminal, or of whoever sends signals. A second one ends the process at once; no more is lost by it than by any other kill. */
function signalOrders(): Orders {
  const stop = new AbortController()
  const close = () => {
    for (const name of stopSignals) process.off(name, onSignal)
  }
  const onSignal = () => {
    close()
    stop.abort()
  }
  for (const name of stopSignals) process.on(name, onSignal)
  return { stop: stop.signal, drain: new AbortController().signal, tell: () => undefined, close }
}
