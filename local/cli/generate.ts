import { stat } from 'node:fs/promises'
import { maximumDisorderMs, type OrdersSpec, type OrdersWritten, writeOrders } from '../../functions/orders/generate.ts'
import { describeThrown } from '../../shared/model/errors.ts'
import { type AddCommand, type Terminal, UsageError } from './command-line.ts'
import { InterruptedError } from './errors.ts'
import { untilInterrupted } from './interrupt.ts'
import { byteSize, wholeNumber } from './numbers.ts'
import { numberIn, once } from './once.ts'
import { Progress } from './progress.ts'

type GenerateFlags = {
  readonly count?: string
  readonly seed?: string
  readonly out?: string
  readonly force?: true
}

export const addGenerate: AddCommand = (program, terminal) => {
  const generate = program.command('generate').description('write a data file for an example')
  generate
    .command('orders')
    .description(`trades as CSV lines, up to ${maximumDisorderMs / 1000} s out of order, one in 5,000 malformed`)
    .option('--count <n>', 'lines (default: 500000)', once('--count'))
    .option('--seed <n>', 'the same seed gives the same lines (default: 7)', once('--seed'))
    .option('--out <file>', 'where to write them (default: orders.csv)', once('--out'))
    .option('--force', 'overwrite the file')
    .action((flags: GenerateFlags) => generateOrders(flags, terminal))
}

/** A file of this many lines has some 45 GB. */
const mostLines = 1_000_000_000

async function generateOrders(flags: GenerateFlags, terminal: Terminal): Promise<void> {
  const count = numberIn('--count', flags.count ?? '500000', 1, mostLines)
  const seed = numberIn('--seed', flags.seed ?? '7', 0, Number.MAX_SAFE_INTEGER)
  const out = flags.out ?? 'orders.csv'
  await checkPlace(out, flags.force === true)
  const { lines, bytes } = await writeWithProgress(out, { count, seed }, terminal)
  terminal.out(`Wrote ${wholeNumber(lines)} lines, ${byteSize(bytes)}, to ${out}\n`)
}

/** Writes the file, complete or not at all. Throws a sentence when it cannot be, and when someone interrupts it. */
export async function writeWithProgress(path: string, spec: OrdersSpec, terminal: Terminal): Promise<OrdersWritten> {
  const progress = new Progress(terminal, 'lines')
  let written: OrdersWritten = { lines: 0, bytes: 0 }
  const write = async (stop: AbortSignal): Promise<void> => {
    const onProgress = (now: OrdersWritten): void => {
      written = now
      progress.update({ fraction: now.lines / spec.count, count: now.lines })
      stop.throwIfAborted()
    }
    await writeOrders(path, { ...spec, onProgress }).catch(error => {
      if (error !== stop.reason) throw unwritable(path, error)
    })
  }
  try {
    const { signal } = await untilInterrupted(write)
    if (signal === undefined || written.lines === spec.count) return written
    throw new InterruptedError(signal, `Stopped at ${wholeNumber(written.lines)} lines: "${path}" was not written`)
  } finally {
    progress.stop()
  }
}

/** The finished file is put in the place of what is there, which must not be a device. */
async function checkPlace(path: string, mayOverwrite: boolean): Promise<void> {
  const found = await stat(path).catch(() => undefined)
  if (found === undefined || found.isDirectory()) return
  if (!found.isFile()) {
    throw new UsageError(`Cannot generate "${path}": it is a pipe or a device, name a file with --out`)
  }
  if (!mayOverwrite) {
    throw new UsageError(
      `Cannot generate "${path}": there is such a file already, overwrite it with --force or name another with --out`,
    )
  }
}

const faults: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such folder, make it or name another file with --out',
  ENOTDIR: 'a part of its path is a file, name another file with --out',
  EISDIR: 'it is a folder, name a file with --out',
  EACCES: 'it may not be written by this user, change its permissions or name another file with --out',
  EPERM: 'it may not be written by this user, change its permissions or name another file with --out',
  EROFS: 'its disk is read-only, name another file with --out',
  ENOSPC: 'the disk is full, free some space or name a file elsewhere with --out',
}

function unwritable(path: string, error: unknown): unknown {
  const code = error instanceof Error && 'code' in error ? String(error.code) : undefined
  if (code === undefined) return error
  return new Error(`Cannot write "${path}": ${faults[code] ?? describeThrown(error)}`, { cause: error })
}
