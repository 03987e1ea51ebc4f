import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Mutation } from './mutation.ts'

/** What became of a process that ran seeds on a mutated engine. */
export type Outcome = {
  /** `broken`: the process ended by itself, without a checker. */
  readonly kind: 'found' | 'green' | 'broken'
  /** Seeds run, the one that was found included. */
  readonly seeds: number
  readonly seed: string
  readonly checker: string
  readonly message: string
}

/** A mutated engine may run in circles without coming to an await: no seed takes so long. */
const mostSeedMs = 60_000

type Line =
  | { readonly kind: 'began'; readonly seed: string }
  | { readonly kind: 'found'; readonly checker: string; readonly message: string }
  | { readonly kind: 'green' }

/** Runs seeds in a process of its own until a checker complains. `like`: in the order in which this mutation has them. */
export function runSeeds(name: string, like: string, firstSeed: number, mostSeeds: number): Promise<Outcome> {
  const hook = join(import.meta.dirname, 'hook.ts')
  const program = join(import.meta.dirname, 'run.ts')
  const args = ['--import', hook, program, name, like, String(firstSeed), String(mostSeeds)]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  return new Promise((resolve, reject) => {
    let seeds = 0
    let seed = ''
    let errors = ''
    let end: Pick<Outcome, 'kind' | 'checker' | 'message'> | undefined
    const stuck = () => {
      end = { kind: 'found', checker: 'none', message: `a seed took more than ${mostSeedMs} ms` }
      child.kill('SIGKILL')
    }
    let timer = setTimeout(stuck, mostSeedMs)
    createInterface(child.stdout).on('line', text => {
      clearTimeout(timer)
      const line: Line = JSON.parse(text)
      if (line.kind === 'began') {
        seeds++
        seed = line.seed
        timer = setTimeout(stuck, mostSeedMs)
      } else {
        end = line.kind === 'found' ? line : { kind: 'green', checker: '', message: `${seeds} seeds are green` }
      }
    })
    child.stderr.on('data', data => {
      errors += data
    })
    child.on('error', reject)
    child.on('close', () => {
      clearTimeout(timer)
      resolve({ seeds, seed, ...(end ?? { kind: 'broken', checker: '', message: errors.slice(0, 2_000) }) })
    })
  })
}

/** The table of what was found, for a person to read. */
export function tableOf(done: readonly { readonly mutation: Mutation; readonly outcome: Outcome }[]): string {
  const rows = done.map(({ mutation, outcome }) => [
    outcome.kind === 'found' ? String(outcome.seeds) : outcome.kind,
    outcome.checker,
    outcome.kind === 'found' ? outcome.seed : '',
    [...new Set(mutation.edits.map(edit => edit.file))].join(', '),
    mutation.rule,
  ])
  const lines = [['seeds', 'found by', 'seed', 'in', 'rule removed'], ...rows]
  const widths = [0, 1, 2, 3].map(i => Math.max(...lines.map(line => line[i].length)))
  return lines
    .map(line =>
      line
        .map((cell, i) => cell.padEnd(widths[i] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}
