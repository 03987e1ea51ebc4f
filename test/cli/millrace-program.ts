import { Command } from 'commander'
import type { Terminal } from '../../local/cli/command-line.ts'
import { addConsume } from '../../local/cli/consume.ts'
import { addDev } from '../../local/cli/dev.ts'
import { exitStatusOf, sentenceOf } from '../../local/cli/errors.ts'
import { addProduce } from '../../local/cli/produce.ts'
import { addQuery } from '../../local/cli/query.ts'
import { addStreams } from '../../local/cli/streams.ts'

const terminal: Terminal = {
  out: text => void process.stdout.write(text),
  err: text => void process.stderr.write(text),
  isInteractive: false,
  columns: 120,
}
const program = new Command('millrace').exitOverride().configureOutput({ outputError: () => {} })
for (const add of [addDev, addProduce, addConsume, addStreams, addQuery]) add(program, terminal)
process.stdout.on('error', () => process.exit(0))
try {
  await program.parseAsync(process.argv)
  process.exit(0)
} catch (error) {
  process.stderr.write(`millrace: ${sentenceOf(error, 'millrace --help')}\n`)
  process.exit(exitStatusOf(error))
}
