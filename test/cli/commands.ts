import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { Command } from 'commander'
import { type AddCommand, UsageError } from '../../local/cli/command-line.ts'
import { addConsume } from '../../local/cli/consume.ts'
import { addFaults } from '../../local/cli/faults.ts'
import { addGenerate } from '../../local/cli/generate.ts'
import { addProduce } from '../../local/cli/produce.ts'
import { addQuery } from '../../local/cli/query.ts'
import { addRegistry } from '../../local/cli/registry.ts'
import { addStatus } from '../../local/cli/status.ts'
import { addStreams } from '../../local/cli/streams.ts'
import { temporaryFolder } from '../cloud/clouds.ts'

const program = join(import.meta.dirname, '../../local/cli/millrace.ts')
const commands: readonly AddCommand[] = [
  addProduce,
  addConsume,
  addStreams,
  addRegistry,
  addQuery,
  addStatus,
  addFaults,
  addGenerate,
]

/** Runs a command in this process: what it printed as its result. */
export async function millrace(...args: readonly string[]): Promise<string> {
  let out = ''
  const root = new Command('millrace').exitOverride().configureOutput({ outputError: () => {} })
  const print = (text: string) => {
    out += text
  }
  const terminal = { out: print, err: () => {}, isInteractive: false, columns: 120 }
  for (const add of commands) add(root, terminal)
  await root.parseAsync(args, { from: 'user' })
  return out
}

export const usage = (message: string | RegExp) => ({ name: new UsageError('').name, message })

/** What the first process compiles, the others find. */
const compiled = temporaryFolder()

/** A command in a process of its own, which is gone when the tests of this file are done. */
export class Running {
  readonly child: ChildProcess
  out = ''
  err = ''
  readonly #exit: Promise<readonly unknown[]>

  constructor(args: readonly string[]) {
    const env = { ...process.env, NODE_COMPILE_CACHE: compiled }
    this.child = spawn(process.execPath, [program, ...args], { stdio: ['pipe', 'pipe', 'pipe'], env })
    this.child.stdout?.setEncoding('utf8').on('data', text => (this.out += text))
    this.child.stderr?.setEncoding('utf8').on('data', text => (this.err += text))
    this.child.stdin?.on('error', () => undefined)
    this.#exit = once(this.child, 'close')
    after(() => this.child.kill('SIGKILL'))
  }

  write(text: string | Buffer): this {
    this.child.stdin?.write(text)
    return this
  }

  end(text: string | Buffer = ''): this {
    this.child.stdin?.end(text)
    return this
  }

  signal(name: NodeJS.Signals): this {
    this.child.kill(name)
    return this
  }

  /** The exit status, or the signal that ended it. */
  async status(): Promise<unknown> {
    const [code, signal] = await this.#exit
    return code ?? signal
  }
}

/** Starts `dev` and waits until it answers. */
export async function startDev(...args: readonly string[]): Promise<Running> {
  const dev = new Running(['dev', ...args])
  await until(() => dev.err.includes('is running') || dev.child.exitCode !== null)
  return dev
}

/** Waits until `check` holds: at most 30 s. */
export async function until(check: () => unknown): Promise<void> {
  const deadline = performance.now() + 30_000
  while (!(await check())) {
    if (performance.now() > deadline) throw new Error(`Cannot go on: ${check} did not come true`)
    await sleep(30)
  }
}

/** Rows of a view by their keys. */
export async function rowsOf(view: string, folder: string): Promise<Record<string, unknown>> {
  const rows: { key: string; value: unknown }[] = JSON.parse(await millrace('query', view, '--data', folder, '--json'))
  return Object.fromEntries(rows.map(({ key, value }) => [key, value]))
}

const engine = pathToFileURL(join(import.meta.dirname, '../../shared/index.ts')).href

/** A pipeline file that imports the engine from where it is: `counts` of words, each made of `of`. */
export function writePipeline(
  path: string,
  { name = 'words', of = 'word', policy = 'deadLetter', count = "count('so-far')" } = {},
): void {
  writeFileSync(
    path,
    `import { minutes, pipeline, tumbling, utf8 } from '${engine}'
export const it = pipeline('${name}', ({ source }) => {
  const lines = source('lines', { codec: utf8, onError: '${policy}' })
  const counts = lines.map(word => ${of}).keyBy('word', word => word).${count}
  return { counts }
})
`,
  )
}

/** `count` lines of 100 words, each as often as the others. */
export const words = (count: number): string => Array.from({ length: count }, (_, i) => `w${i % 100}\n`).join('')
export const wordCounts = (count: number): Record<string, number> =>
  Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`w${i}`, count / 100]))
