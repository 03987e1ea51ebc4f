import { climateOf } from '../../../local/simulator/climate.ts'
import { Random } from '../../../local/simulator/random.ts'
import { simulate } from '../../../local/simulator/simulate.ts'
import { mutations } from './all.ts'
import { unmade } from './hook.ts'
import { trialOf } from './trials.ts'

// Runs one seed after the other on the engine that this process has loaded, until a checker complains:
// `node --import ./hook.ts run.ts <mutation> <as the seeds of this mutation> <first seed> <seeds at most>`. Prints a line of JSON for
// each seed, and one that says how it ended. A mutation that there is not is the engine as it is.

const [name, like, first, most] = process.argv.slice(2)
const { trial = 'generated', climate = () => false } = mutations.find(mutation => mutation.name === like) ?? {}
const say = (line: object): void => void process.stdout.write(`${JSON.stringify(line)}\n`)

// A mutated engine may leave promises to themselves: what a checker sees of that is what counts.
process.on('unhandledRejection', () => {})

/** Only what kinds of faults there are and how large things are is looked at. */
const usualRecords = 500
const seeds = Array.from({ length: Number(most) }, (_, i) => Number(first) + i)
const isAimed = (seed: number): boolean => climate(climateOf(new Random(seed).fork('climate'), usualRecords))
for (const [i, seed] of [...seeds.filter(isAimed), ...seeds.filter(seed => !isAimed(seed))].entries()) {
  const kind = i % 2 === 0 ? trial : 'generated'
  say({ kind: 'began', seed: `${kind} ${seed}` })
  const { workload, ...options } = trialOf[kind](seed)
  const { failures } = await simulate(workload, seed, options)
  if (unmade.size > 0) {
    const files = [...unmade].map(edit => edit.file).join(', ')
    throw new Error(`Cannot run mutation "${name}": ${files} is no part of what a seed runs`)
  }
  if (failures.length > 0) {
    const { checker, message } = failures[0]
    say({ kind: 'found', checker, message: message.slice(0, 2_000) })
    process.exit()
  }
}
say({ kind: 'green' })
process.exit()
