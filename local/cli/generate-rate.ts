import { Pace } from '../input/pace.ts'
import type { AddCommand, Terminal } from './command-line.ts'
import { untilInterrupted } from './interrupt.ts'
import { numberIn, once } from './once.ts'
import { monotonicClock, rateOf } from './pace.ts'

type RateFlags = { readonly rate?: string; readonly count?: string }

/** Numbers beyond are not counted exactly. */
const mostRows = Number.MAX_SAFE_INTEGER

/** `millrace generate rate`: a source for trying things out, as Spark's `rate` is one. */
export const addGenerateRate: AddCommand = (generate, terminal) => {
  generate
    .command('rate')
    .description(
      'rows that count, as time passes, as JSON lines on standard output: {"timestamp":1767225600000,"value":0}',
    )
    .option('--rate <rate>', 'so many a second, minute or hour, as in 10/s or 30/m (default: 1/s)', once('--rate'))
    .option('--count <n>', 'end after so many (default: go on until interrupted)', once('--count'))
    .action((flags: RateFlags) => generateRate(flags, terminal))
}

async function generateRate({ rate = '1/s', count }: RateFlags, terminal: Terminal): Promise<void> {
  const pace = new Pace(rateOf(rate), monotonicClock)
  const rows = count === undefined ? mostRows : numberIn('--count', count, 1, mostRows)
  await untilInterrupted(async signal => {
    for (let value = 0; value < rows; ) {
      const lines: string[] = []
      const portion = Math.min(pace.portion, rows - value)
      await pace.turn(portion, signal)
      if (signal.aborted) return
      const timestamp = Date.now()
      for (let i = 0; i < portion; i++) lines.push(`${JSON.stringify({ timestamp, value: value++ })}\n`)
      terminal.out(lines.join(''))
      await terminal.drained?.(signal)
    }
  })
}
