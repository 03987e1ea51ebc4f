import { stat } from 'node:fs/promises'
import { maximumDisorderMs, type OrdersSpec, type OrdersWritten, writeOrders } from '../../functions/orders/generate.ts'
import { type AddCommand, type Terminal, UsageError } from './command-line.ts'
import { addGenerateNexmark } from './generate-nexmark.ts'
import { addGenerateRate } from './generate-rate.ts'
import { byteSize, wholeNumber } from './numbers.ts'
import { numberIn, once } from './once.ts'
import { writtenUntilInterrupted } from './written-until-interrupted.ts'

type GenerateFlags = {
  readonly count?: string
  readonly seed?: string
  readonly out?: string
  readonly force?: true
}

export const addGenerate: AddCommand = (program, terminal) => {
  const generate = program.command('generate').description('write data files for examples')
  generate
    .command('orders')
    .description(`trades as CSV lines, up to ${maximumDisorderMs / 1000} s out of order, one in 5,000 malformed`)
    .option('--count <n>', 'lines (default: 500000)', once('--count'))
    .option('--seed <n>', 'the same seed gives the same lines (default: 7)', once('--seed'))
    .option('--out <file>', 'where to write them (default: orders.csv)', once('--out'))
    .option('--force', 'overwrite the file')
    .action((flags: GenerateFlags) => generateOrders(flags, terminal))
  addGenerateNexmark(generate, terminal)
  addGenerateRate(generate, terminal)
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
export function writeWithProgress(path: string, spec: OrdersSpec, terminal: Terminal): Promise<OrdersWritten> {
  const write = (onProgress: (written: OrdersWritten) => void) => writeOrders(path, { ...spec, onProgress })
  const countOf = ({ lines }: OrdersWritten): number => lines
  return writtenUntilInterrupted(
    { place: path, noun: 'file', unit: 'lines', total: spec.count, countOf, write },
    terminal,
  )
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
