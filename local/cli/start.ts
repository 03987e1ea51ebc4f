import { stat } from 'node:fs/promises'
import { relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Terminal } from './command-line.ts'
import { writeWithProgress } from './generate.ts'
import { wholeNumber } from './numbers.ts'
import { runMillrace } from './program.ts'

/** What `npm start` does: makes the data file when there is none, then runs the orders pipeline over it. Options go on to `run`. */
const orders = { count: 500_000, seed: 7 }

const fromHere = (path: string): string =>
  relative('.', fileURLToPath(new URL(`../../${path}`, import.meta.url))) || path

const data = fromHere('orders.csv')

await runMillrace(
  ['run', fromHere('functions/orders/pipeline.ts'), '--input', `trades=${data}`, ...process.argv.slice(2)],
  async (terminal: Terminal) => {
    const isThere = await stat(data).then(
      () => true,
      () => false,
    )
    if (isThere) return
    terminal.err(`Writing ${wholeNumber(orders.count)} trades to ${data}\n`)
    await writeWithProgress(data, orders, terminal)
  },
)
