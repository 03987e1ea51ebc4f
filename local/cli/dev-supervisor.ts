import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { type FSWatcher, watch } from 'node:fs'
import { constants } from 'node:os'
import { dirname } from 'node:path'
import type { Terminal } from './command-line.ts'
import { type ImportedFile, stampOf } from './imported-files.ts'
import { stopSignals } from './interrupt.ts'

/** What the supervisor tells a session. */
export type ToSession = { readonly kind: 'stop' | 'reload' }

/** What a session tells its supervisor. */
export type FromSession =
  /** The files that the pipeline is made of, as they were read; also when it could not be loaded. */
  { readonly kind: 'read'; readonly files: readonly ImportedFile[] } | { readonly kind: 'loaded' }

/** A session that does not end when told is killed: the folder loses nothing by it. */
const longestEndMs = 20_000

/**
 * Runs this very command in a child process, and again each time a file is saved that the pipeline is made of. Modules cannot be unloaded:
 * only a new process reads them anew. Answers the exit status: that of the session, unless the pipeline fails to load after an edit;
 * then it waits for the next one.
 */
export async function supervise(terminal: Terminal): Promise<number> {
  const session = new Session()
  let orders = 0
  const onSignal = () => (orders++ === 0 ? session.end('stop') : session.kill())
  for (const name of stopSignals) process.on(name, onSignal)
  try {
    for (let isFirst = true; ; isFirst = false) {
      const ended = await session.run(orders > 0)
      if (orders > 0 || ended.kind === 'ended') return ended.status
      if (ended.kind === 'reloads') terminal.err('A file was saved, starting again\n')
      else if (isFirst) return ended.status
      else {
        terminal.err('Waiting for the next change\n')
        await session.anyChange()
        if (orders > 0) return 0
      }
    }
  } finally {
    for (const name of stopSignals) process.off(name, onSignal)
    session.close()
  }
}

type Ended =
  | { readonly kind: 'ended'; readonly status: number }
  /** A file was saved while it ran. */
  | { readonly kind: 'reloads'; readonly status: number }
  | { readonly kind: 'failedToLoad'; readonly status: number }

/** One child process after the other, and the files that the last one read. */
class Session {
  #child: ChildProcess | undefined
  #watchers: readonly FSWatcher[] = []
  #files: readonly ImportedFile[] = []
  #changed = Promise.withResolvers<void>()
  #isAnyChange = false
  #killing: NodeJS.Timeout | undefined

  async run(isOver: boolean): Promise<Ended> {
    if (isOver) return { kind: 'ended', status: 0 }
    const child = spawnItself()
    this.#child = child
    let isLoaded = false
    let isReloading = false
    const onChange = () => {
      // One that has not loaded the files yet, or never will, ends by itself.
      if (this.#child !== child || !isLoaded) return
      isReloading = true
      this.end('reload')
    }
    child.on('message', (message: FromSession) => {
      if (message.kind === 'read') this.#watch(message.files)
      else isLoaded = true
      if (isLoaded) void this.nextChange().then(onChange)
    })
    const exit = once(child, 'exit')
    const [code, signal] = await exit
    clearTimeout(this.#killing)
    this.#killing = undefined
    this.#child = undefined
    const status = statusOf(code, signal)
    if (isReloading) return { kind: 'reloads', status }
    return { kind: isLoaded ? 'ended' : 'failedToLoad', status }
  }

  end(kind: ToSession['kind']): void {
    const child = this.#child
    if (child === undefined) {
      this.#changed.resolve()
      return
    }
    if (child.connected) child.send({ kind })
    this.#killing ??= setTimeout(() => child.kill('SIGKILL'), longestEndMs)
  }

  kill(): void {
    this.#child?.kill('SIGKILL')
  }

  /** Resolves once a file is not as the last session read it. */
  nextChange(): Promise<void> {
    return this.#changed.promise
  }

  /** Likewise, or anything happens beside the files: one that was missing may be there now. */
  anyChange(): Promise<void> {
    this.#isAnyChange = true
    return this.#changed.promise
  }

  close(): void {
    for (const watcher of this.#watchers) watcher.close()
    this.#watchers = []
  }

  /** Folders, not files: editors save by putting a new file in the place of the old one. */
  #watch(files: readonly ImportedFile[]): void {
    this.close()
    // Of a pipeline file that is gone nothing was read: it is where it was before, when it comes back.
    this.#files = files.length > 0 ? files : this.#files.map(({ path }) => ({ path, stamp: stampOf(path) }))
    this.#changed = Promise.withResolvers()
    this.#isAnyChange = false
    const folders = new Set(this.#files.map(({ path }) => dirname(path)))
    this.#watchers = [...folders].map(folder => watch(folder, () => this.#look()).on('error', () => undefined))
    this.#look()
  }

  #look(): void {
    const isChanged = this.#files.some(({ path, stamp }) => stampOf(path) !== stamp)
    if (isChanged || this.#isAnyChange) this.#changed.resolve()
  }
}

/** The session hears what to do on a channel of its own: Ctrl-C reaches it too, and is left to the supervisor. */
function spawnItself(): ChildProcess {
  const args = [...process.execArgv, ...process.argv.slice(1), '--supervised']
  return spawn(process.execPath, args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
}

/** As shells count: 128 and the signal's number. */
function statusOf(code: number | null, signal: NodeJS.Signals | null): number {
  return code ?? (signal === null ? 1 : 128 + constants.signals[signal])
}
