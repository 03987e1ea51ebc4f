import { availableParallelism } from 'node:os'
import { Option } from 'commander'
import { loadPipeline } from '../functions/load-pipeline.ts'
import type { SeedReport, ShrunkReport } from '../simulator/run-seed.ts'
import { runSeeds, type SeedsReport } from '../simulator/run-seeds.ts'
import type { Subject } from '../simulator/subject.ts'
import type { TraceLine } from '../simulator/trace.ts'
import { type AddCommand, type Terminal, UsageError } from './command-line.ts'
import { InterruptedError } from './errors.ts'
import { untilInterrupted } from './interrupt.ts'
import { counted, wholeNumber } from './numbers.ts'
import { collected, numberIn, once } from './once.ts'
import { Progress } from './progress.ts'
import { inputsFrom } from './run-options.ts'

type SimulateFlags = {
  readonly seeds?: string
  readonly from?: string
  readonly seed?: string
  readonly trace?: true
  readonly input: readonly string[]
  readonly records?: string
  readonly workers?: string
  readonly json?: true
  readonly pipeline?: string
}

/** A seed whose outcome was wrong. */
export class SimulationError extends Error {
  override readonly name = 'SimulationError'
}

export const addSimulate: AddCommand = (program, terminal) => {
  program
    .command('simulate')
    .description('run a pipeline on a faulty cloud again and again, and compare what comes out with a plain evaluation')
    .argument('[pipeline]', 'the module that exports it; without one, generated pipelines, another for each seed')
    .addOption(single('--seeds <n>', 'how many runs; each seed is one, the same on any machine (default: 200)'))
    .addOption(single('--from <n>', 'the first seed (default: 1)'))
    .addOption(single('--seed <n>', 'this seed alone: to look into one that failed'))
    .addOption(new Option('--trace', 'print everything that happens in it'))
    .addOption(
      new Option('--input <source=file>', "records of a file or a folder for a source, instead of the module's samples")
        .default([], 'none')
        .argParser(collected),
    )
    .addOption(single('--records <n>', 'about so many records of each source (default: 500)'))
    .addOption(single('--workers <n>', 'threads that run seeds side by side (default: one for each core)'))
    .addOption(new Option('--json', 'print one JSON document'))
    .addOption(single('--pipeline <name>', 'which pipeline, where the module exports several'))
    .action((file: string | undefined, flags: SimulateFlags) => simulate(file, flags, terminal))
}

const single = (flags: string, description: string) =>
  new Option(flags, description).argParser(once(flags.split(' ')[0]))

async function simulate(file: string | undefined, flags: SimulateFlags, terminal: Terminal): Promise<void> {
  const { from, count } = seedsOf(flags)
  if (flags.trace === true && count !== 1)
    throw new UsageError('Cannot trace more than one seed: add --seed N, one that failed')
  const subject = await subjectOf(file, flags)
  const workers = numberOr('--workers', flags.workers, 1, 1_000, availableParallelism())
  const progress = new Progress(terminal, 'seeds')
  const reports: SeedsReport[] = []
  let seeds = 0
  const { signal } = await untilInterrupted(async stop => {
    try {
      const report = await runSeeds({
        subject,
        from,
        count,
        workers: Math.min(workers, count),
        trace: flags.trace === true,
        signal: stop,
        onSeed: seed => {
          progress.update({ fraction: ++seeds / count, count: seeds })
          if (seed.lines !== undefined) for (const line of seed.lines) terminal.out(`${lineOf(line)}\n`)
        },
      })
      reports.push(report)
    } finally {
      progress.stop()
    }
  })
  const [report] = reports
  const { failed } = report
  if (flags.json) terminal.out(`${JSON.stringify(documentOf(report))}\n`)
  else terminal.out(failed === undefined ? summaryOf(report) : failureOf(failed))
  if (failed !== undefined) {
    throw new SimulationError(
      `Cannot vouch for ${subjectText(subject)}: seed ${failed.seed} fails, see all that happens with ${commandOf(file, flags, failed)}`,
    )
  }
  if (signal !== undefined)
    throw new InterruptedError(signal, `Stopped after ${counted(report.seeds, 'seed')}, none of them failed`)
}

function seedsOf(flags: SimulateFlags): { readonly from: number; readonly count: number } {
  const { seed, seeds, from } = flags
  if (seed !== undefined) {
    if (seeds !== undefined || from !== undefined)
      throw new UsageError(`Cannot read --seed "${seed}": it is one alone, leave out --seeds and --from`)
    return { from: numberIn('--seed', seed, 0, Number.MAX_SAFE_INTEGER), count: 1 }
  }
  return {
    from: numberOr('--from', from, 0, Number.MAX_SAFE_INTEGER - 1_000_000, 1),
    count: numberOr('--seeds', seeds, 1, 1_000_000, 200),
  }
}

async function subjectOf(file: string | undefined, flags: SimulateFlags): Promise<Subject> {
  const records = flags.records === undefined ? {} : { records: numberIn('--records', flags.records, 1, 1_000_000) }
  if (file === undefined) {
    if (flags.input.length > 0 || flags.records !== undefined)
      throw new UsageError(
        'Cannot feed generated pipelines: they bring their own records, name the module of a pipeline',
      )
    return {}
  }
  const { plan } = await loadPipeline(file, flags.pipeline)
  const inputs = Object.fromEntries(inputsFrom(plan, flags.input, 'some'))
  return { file, inputs, ...records, ...(flags.pipeline !== undefined && { pipeline: flags.pipeline }) }
}

const numberOr = (option: string, text: string | undefined, least: number, most: number, otherwise: number): number =>
  text === undefined ? otherwise : numberIn(option, text, least, most)

const subjectText = ({ file }: Subject): string => (file === undefined ? 'the engine' : `pipeline "${file}"`)

function commandOf(file: string | undefined, flags: SimulateFlags, { seed }: SeedReport): string {
  const parts = ['millrace simulate']
  if (file !== undefined) parts.push(file)
  for (const input of flags.input) parts.push(`--input ${input}`)
  if (flags.records !== undefined) parts.push(`--records ${flags.records}`)
  if (flags.pipeline !== undefined) parts.push(`--pipeline ${flags.pipeline}`)
  return [...parts, `--seed ${seed} --trace`].join(' ')
}

function summaryOf(report: SeedsReport): string {
  const { seeds, records, awaits, seconds } = report
  const faults = Object.entries(report.faults).sort(([a], [b]) => (a < b ? -1 : 1))
  const lines: [string, string][] = [
    ['seeds', wholeNumber(seeds)],
    ['records', wholeNumber(records)],
    ['awaits', wholeNumber(awaits)],
    ['faults', wholeNumber(faults.reduce((sum, [, times]) => sum + times, 0))],
    ...faults.map(([kind, times]): [string, string] => [`  ${kind}`, wholeNumber(times)]),
    ['seconds', seconds.toFixed(2)],
    ['seeds a minute', wholeNumber((seeds / seconds) * 60)],
  ]
  const width = Math.max(...lines.map(([name]) => name.length))
  return `${lines.map(([name, value]) => `${name.padEnd(width)}  ${value}`).join('\n')}\n`
}

function failureOf({ seed, workload, failures, shrunk }: SeedReport): string {
  const told = failures.map(({ checker, message }) => `${checker}: ${message}`)
  const parts = [`seed ${seed} fails`, told.join('\n'), workload]
  if (shrunk !== undefined) parts.push(shrunkText(shrunk))
  return `${parts.join('\n\n')}\n`
}

function shrunkText({ records, faults, failures }: ShrunkReport): string {
  const title = `still with ${counted(records, 'record')} and ${counted(faults.length, 'fault')}:`
  const lines = faults.map(({ step, ms, kind, text }) => `  ${lineOf({ step, ms, text: `${kind}: ${text}` })}`)
  return [title, ...lines, ...failures.map(({ checker, message }) => `  ${checker}: ${message}`)].join('\n')
}

/** Step, virtual time of day, what. */
const lineOf = ({ step, ms, text }: TraceLine): string =>
  `${String(step).padStart(6)} ${new Date(ms).toISOString().slice(11, 23)} ${text}`

function documentOf({ failed, ...report }: SeedsReport): object {
  if (failed === undefined) return { ...report, failed: null }
  const { lines: _lines, ...rest } = failed
  return { ...report, failed: rest }
}
