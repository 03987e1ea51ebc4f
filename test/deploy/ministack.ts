import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdirSync, rmSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from '../../local/localstack/instance.ts'

const version = '1.5.33'
const home = resolve(import.meta.dirname, '../../node_modules/.cache', `ministack-${version}`)

const endings = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** An emulator of AWS that runs Lambda functions without Docker: https://pypi.org/project/ministack, MIT. */
export type Ministack = {
  readonly endpoint: string
  /** The newest lines of its log, for a test that failed. */
  log(): string
  stop(): Promise<void>
}

/** Why it cannot run here, as a person can mend it; undefined when it can. */
export function whyNoMinistack(): string | undefined {
  const found = python('import sys, venv, ensurepip; print("%d.%d" % sys.version_info[:2])')
  if (found === undefined) return 'there is no "python3" with the module venv, install Python 3.10 or newer to run this'
  const [major = 0, minor = 0] = found.split('.').map(Number)
  return major === 3 && minor >= 10 ? undefined : `"python3" is ${found}, install 3.10 or newer to run this`
}

/**
 * Installs it once into the folder `node_modules/.cache`, and starts it on a free port. Its environment is its own: what it has is what its functions
 * have, and they run on the first `node` of its PATH, which is the one of this process.
 */
export async function startMinistack(): Promise<Ministack> {
  install()
  const folder = await mkdtemp(join(tmpdir(), 'millrace-ministack-'))
  const port = await freePort(0)
  const server = spawn(join(home, 'bin/python'), [join(import.meta.dirname, 'emulator.py')], {
    cwd: folder,
    env: {
      PATH: [dirname(process.execPath), process.env.PATH].join(delimiter),
      HOME: folder,
      TMPDIR: folder,
      BIND_HOST: '127.0.0.1',
      GATEWAY_PORT: String(port),
    },
    // A group of its own, as each function is a process.
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const lines: string[] = []
  for (const output of [server.stdout, server.stderr]) {
    output.setEncoding('utf8').on('data', (text: string) => void lines.push(text))
  }
  // However this process ends, its server ends with it.
  const kill = (): void => signalGroup(server, 'SIGKILL')
  const end = (): void => process.exit(1)
  process.once('exit', kill)
  for (const name of endings) process.once(name, end)
  const stop = async (): Promise<void> => {
    await stopGroup(server)
    process.off('exit', kill)
    for (const name of endings) process.off(name, end)
    await rm(folder, { recursive: true, force: true })
  }
  const ministack = { endpoint: `http://127.0.0.1:${port}`, log: () => lines.join('').slice(-4_000), stop }
  try {
    await untilHealthy(server, ministack.endpoint)
  } catch (error) {
    await stop()
    throw new Error(`Cannot start ministack: ${lines.join('').slice(-2_000)}`, { cause: error })
  }
  return ministack
}

function install(): void {
  const marker = join(home, 'bin/ministack')
  if (existsSync(marker)) return
  mkdirSync(dirname(home), { recursive: true })
  // Made under its own name at once, as its programs name their folder: a half-made one has no marker and is made anew.
  rmSync(home, { recursive: true, force: true })
  execFileSync('python3', ['-m', 'venv', home], { stdio: 'pipe' })
  execFileSync(join(home, 'bin/python'), ['-m', 'pip', 'install', '--quiet', `ministack==${version}`], {
    stdio: 'pipe',
  })
}

function python(program: string): string | undefined {
  try {
    return execFileSync('python3', ['-c', program], { encoding: 'utf8', stdio: 'pipe' }).trim()
  } catch {
    return undefined
  }
}

async function untilHealthy(server: ChildProcess, endpoint: string): Promise<void> {
  for (const end = Date.now() + 60_000; Date.now() < end; await sleep(200)) {
    if (server.exitCode !== null) throw new Error(`It ended with status ${server.exitCode}`)
    const response = await fetch(`${endpoint}/_ministack/health`).catch(() => undefined)
    if (response?.ok) return
  }
  throw new Error('It does not answer after a minute')
}

async function stopGroup(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null) return
  const ended = new Promise(end => server.once('exit', end))
  signalGroup(server, 'SIGTERM')
  await Promise.race([ended, sleep(10_000, undefined, { ref: false })])
  signalGroup(server, 'SIGKILL')
}

function signalGroup({ pid }: ChildProcess, name: NodeJS.Signals): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, name)
  } catch {
    // The group has ended.
  }
}
