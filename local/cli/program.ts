import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { Command, CommanderError } from 'commander'
import type { AddCommand, Terminal } from './command-line.ts'
import { addConsume } from './consume.ts'
import { addCost } from './cost.ts'
import { addDev } from './dev.ts'
import { exitStatusOf, sentenceOf } from './errors.ts'
import { addExplain } from './explain.ts'
import { addFaults } from './faults.ts'
import { addGenerate } from './generate.ts'
import { addLocal } from './local.ts'
import { addProduce } from './produce.ts'
import { addQuery } from './query.ts'
import { addRegistry } from './registry.ts'
import { addRun } from './run.ts'
import { addSimulate } from './simulate.ts'
import { addStatus } from './status.ts'
import { addStreams } from './streams.ts'

/** In the order in which --help lists them. */
const commands: readonly AddCommand[] = [
  addRun,
  addDev,
  addExplain,
  addSimulate,
  addGenerate,
  addProduce,
  addConsume,
  addStreams,
  addRegistry,
  addQuery,
  addStatus,
  addFaults,
  addCost,
  addLocal,
]

/**
 * Runs a command line, then ends the process: with status 0, or 2 when the command line or the program is wrong, 128 and its number
 * after a signal, and 1 for every other failure. What failed is one sentence on standard error; its stack only with --debug.
 * `prepare` is done before.
 */
export async function runMillrace(
  args: readonly string[],
  prepare: (terminal: Terminal) => Promise<void> = async () => undefined,
): Promise<never> {
  const debug = args.includes('--debug')
  const terminal = processTerminal()
  const program = programOf(terminal)
  const fail = (error: unknown): Promise<never> => end(failed(error, program, args, terminal, debug))
  endQuietlyWithoutReader()
  process.removeAllListeners('warning').on('warning', warning => warn(warning, terminal, debug))
  process.on('uncaughtException', error => void fail(error))
  process.on('unhandledRejection', error => void fail(error))
  try {
    await prepare(terminal)
    await program.parseAsync(args, { from: 'user' })
    return await end(0)
  } catch (error) {
    return await fail(error)
  }
}

function programOf(terminal: Terminal): Command {
  const program = new Command('millrace')
    .description('Exactly-once stream processing on functions')
    .version(versionOfPackage(), '--version', 'print the version')
    .option('--debug', 'print the stack trace of an error')
    .helpOption('--help', 'print what a command does and takes')
    .exitOverride()
    .configureOutput({ writeOut: terminal.out, writeErr: terminal.err, outputError: () => {} })
  for (const add of commands) add(program, terminal)
  return program
}

function failed(error: unknown, program: Command, args: readonly string[], terminal: Terminal, debug: boolean): number {
  const status = exitStatusOf(error)
  const hasSpoken = error instanceof CommanderError && (status === 0 || error.code === 'commander.help')
  if (hasSpoken) return status
  const command = program.commands.find(each => args.includes(each.name()))
  const help = command === undefined ? 'millrace --help' : `millrace ${command.name()} --help`
  terminal.err(`millrace: ${sentenceOf(error, help)}\n`)
  if (debug) for (const stack of stacksOf(error)) terminal.err(`${stack}\n`)
  return status
}

function* stacksOf(error: unknown): Generator<string> {
  for (let cause = error; cause !== undefined; cause = cause instanceof Error ? cause.cause : undefined) {
    yield cause instanceof Error ? (cause.stack ?? cause.message) : String(cause)
  }
}

/** Ends although a pipeline's module may have left timers or sockets open. */
async function end(status: number): Promise<never> {
  await Promise.all([flushed(process.stdout), flushed(process.stderr)])
  process.exit(status)
}

const flushed = (stream: NodeJS.WriteStream): Promise<void> =>
  new Promise(resolve => {
    stream.write('', () => resolve())
  })

/** `millrace ... | head` has what it wants when it closes the pipe. */
function endQuietlyWithoutReader(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error
      process.exit(0)
    })
  }
}

/** What Node says of itself is for who develops Millrace; what it says of the user's code is for the user. */
function warn(warning: Error, terminal: Terminal, debug: boolean): void {
  const isOurs =
    warning.name === 'ExperimentalWarning' || ('code' in warning && warning.code === 'MODULE_TYPELESS_PACKAGE_JSON')
  if (debug || !isOurs) terminal.err(`millrace: ${warning.name}: ${warning.message}\n`)
}

function processTerminal(): Terminal {
  return {
    out: text => process.stdout.write(text),
    err: text => process.stderr.write(text),
    isInteractive: process.stderr.isTTY === true,
    columns: process.stdout.columns ?? 120,
    drained: async signal => {
      // Aborted, it rejects; that the pipe is closed ends the process elsewhere.
      if (process.stdout.writableNeedDrain) await once(process.stdout, 'drain', { signal }).catch(() => undefined)
    },
  }
}

function versionOfPackage(): string {
  const manifest: { readonly version: string } = JSON.parse(
    readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
  )
  return manifest.version
}
