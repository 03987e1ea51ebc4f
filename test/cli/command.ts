import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { after } from 'node:test'
import { pathToFileURL } from 'node:url'

const root = resolve(import.meta.dirname, '../..')

export const ordersFile = join(root, 'functions/orders/pipeline.ts')
export const wordCountFile = join(root, 'functions/word-count/pipeline.ts')

export type CommandResult = {
  /** Null when a signal ended it. */
  readonly status: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

export type CommandOptions = { readonly env?: Readonly<Record<string, string>>; readonly cwd?: string }

export type RunningCommand = { readonly process: ChildProcess; readonly ended: Promise<CommandResult> }

/** Starts the command line in a process of its own. */
export function startMillrace(args: readonly string[], options: CommandOptions = {}): RunningCommand {
  const child = spawn(process.execPath, [join(root, 'local/cli/millrace.ts'), ...args], {
    cwd: options.cwd ?? root,
    env: { ...process.env, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  return { process: child, ended: resultOf(child) }
}

export const millrace = (args: readonly string[], options?: CommandOptions): Promise<CommandResult> =>
  startMillrace(args, options).ended

/** Runs the command line, which must end well, and answers what it printed. */
export async function printed(args: readonly string[], options?: CommandOptions): Promise<string> {
  const { status, stdout, stderr } = await millrace(args, options)
  assert.equal(status, 0, stderr)
  return stdout
}

/** The command must fail with this status and one sentence alone: no stack, nothing on standard output. */
export async function refused(
  args: readonly string[],
  status: number,
  sentence: string | RegExp,
  options?: CommandOptions,
): Promise<void> {
  const result = await millrace(args, options)
  assertSentence(result, sentence)
  assert.equal(result.status, status)
}

export function assertSentence({ stdout, stderr }: CommandResult, sentence: string | RegExp): void {
  // A run that takes seconds tells now and then how far it is.
  const said = /^(?:\d+% [^\n]*\n)*millrace: ([^\n]*[^.\n])\n$/.exec(stderr)?.[1]
  if (said === undefined) assert.fail(`expected one sentence, found ${JSON.stringify(stderr)}`)
  if (typeof sentence === 'string') assert.equal(said, sentence)
  else assert.match(said, sentence)
  assert.doesNotMatch(said, /\bat .+:\d+:\d+\)?$/)
  assert.equal(stdout, '')
}

async function resultOf(child: ChildProcess): Promise<CommandResult> {
  let stdout = ''
  let stderr = ''
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
  })
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  await once(child, 'close')
  return { status: child.exitCode, signal: child.signalCode, stdout, stderr }
}

/** A folder that is gone when the tests of this file are done. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-cli-'))
  after(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** Writes a file, and answers its path. */
export function fileIn(folder: string, name: string, content: string | Uint8Array): string {
  const path = join(folder, name)
  writeFileSync(path, content)
  return path
}

/** Writes a pipeline's module into a folder that is no package: it imports the engine by address. */
export function pipelineIn(folder: string, name: string, body: string): string {
  const engine = pathToFileURL(join(root, 'shared/index.ts')).href
  const names = 'codec, csv, every, float, int, json, minutes, pipeline, seconds, text, timestamp, tumbling, utf8'
  return fileIn(folder, name, `import { ${names} } from '${engine}'\n${body}\n`)
}

/** What `run --json` prints. */
export type RunDocument = {
  readonly views: Readonly<Record<string, readonly Readonly<Record<string, unknown>>[]>>
  readonly streams: Readonly<Record<string, readonly { readonly value: unknown }[]>>
  readonly sources: Readonly<Record<string, { readonly read: number; readonly malformed: number }>>
  readonly deadLetters: number
  readonly seconds: number
}

export async function documentOf(args: readonly string[], options?: CommandOptions): Promise<RunDocument> {
  const stdout = await printed(args, options)
  assert.match(stdout, /^[^\n]+\n$/)
  return JSON.parse(stdout)
}
