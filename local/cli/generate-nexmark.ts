import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { defaultRate, type NexmarkWritten, writeNexmark } from '../../functions/nexmark/generate.ts'
import { type AddCommand, UsageError } from './command-line.ts'
import { byteSize, counted } from './numbers.ts'
import { numberIn, once } from './once.ts'
import { writtenUntilInterrupted } from './written-until-interrupted.ts'

type NexmarkFlags = {
  readonly events?: string
  readonly seed?: string
  readonly rate?: string
  readonly outOfOrder?: string
  readonly out?: string
  readonly force?: true
}

const fileNames = ['person.jsonl', 'auction.jsonl', 'bid.jsonl']
/** Their files have some 280 GB. */
const mostEvents = 1_000_000_000
/** A day. What is under way is held in memory. */
const mostDisorderMs = 86_400_000

export const addGenerateNexmark: AddCommand = (generate, terminal) => {
  generate
    .command('nexmark')
    .description(`the events of an auction house as JSON lines: ${fileNames.join(', ')}`)
    .option(
      '--events <n>',
      'events in all; of 50, one is a person and three are auctions (default: 100000)',
      once('--events'),
    )
    .option('--seed <n>', 'the same seed gives the same events (default: 1)', once('--seed'))
    .option('--rate <n>', `events in a second of event time (default: ${defaultRate})`, once('--rate'))
    .option(
      '--out-of-order <time>',
      'events come less than this late: 4s, 500ms, 1m (default: 0s)',
      once('--out-of-order'),
    )
    .option('--out <folder>', 'where to write the files (default: nexmark)', once('--out'))
    .option('--force', 'overwrite the files')
    .action(async (flags: NexmarkFlags) => {
      const events = numberIn('--events', flags.events ?? '100000', 1, mostEvents)
      const seed = numberIn('--seed', flags.seed ?? '1', 0, Number.MAX_SAFE_INTEGER)
      const rate = numberIn('--rate', flags.rate ?? String(defaultRate), 1, mostEvents)
      const outOfOrderMs = timeIn('--out-of-order', flags.outOfOrder ?? '0s', mostDisorderMs)
      const out = flags.out ?? 'nexmark'
      await checkFolder(out, flags.force === true)
      const written = await writtenUntilInterrupted<NexmarkWritten>(
        {
          place: out,
          noun: 'folder',
          unit: 'events',
          total: events,
          countOf: so => so.events,
          write: onProgress => writeNexmark(out, { events, seed, rate, outOfOrderMs, onProgress }),
        },
        terminal,
      )
      terminal.out(
        `Wrote ${counted(written.events, 'event')}, ${byteSize(written.bytes)}, to ${fileNames.map(name => join(out, name)).join(', ')}\n`,
      )
    })
}

async function checkFolder(folder: string, mayOverwrite: boolean): Promise<void> {
  if (mayOverwrite) return
  for (const name of fileNames) {
    const path = join(folder, name)
    if ((await stat(path).catch(() => undefined)) === undefined) continue
    throw new UsageError(
      `Cannot generate "${path}": there is such a file already, overwrite it with --force or name another folder with --out`,
    )
  }
}

const millisecondsOf: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 }

/** Milliseconds in a time such as `4s`. */
function timeIn(option: string, text: string, mostMs: number): number {
  const [, digits, unit] = /^(\d{1,9})(ms|s|m|h)$/.exec(text) ?? []
  const timeMs = digits === undefined ? Number.NaN : Number(digits) * millisecondsOf[unit]
  if (timeMs <= mostMs) return timeMs
  throw new UsageError(
    `Cannot read ${option} "${text}": expected a time of at most ${mostMs / 3_600_000} h, as in 4s, 500ms or 1m`,
  )
}
