import { readOf } from '../../../shared/commit/ring.ts'
import type { StoredCommit } from '../../../shared/ports/commit-log.ts'
import type { Checker, Happening, Observation, Watch } from '../observation.ts'
import { bodyOf } from './commit-bodies.ts'

/**
 * Invariant 3: at most one writer's commit exists per version, and versions have no gaps. Also that a log never changes its start or
 * its ring, that nothing follows a seal, and that the ring holds the newest versions whole after every append. Of a log that is let
 * expire, the version that is to be kept is there at the end, the others may be.
 *
 * It does not look at what the commits say.
 */
export const versions: Checker = {
  name: 'versions',
  watch: run => new VersionsWatch(run),
}

type Log = { newest: StoredCommit; isSealed: boolean }

class VersionsWatch implements Watch {
  readonly #run: Observation
  readonly #logs = new Map<string, Log>()
  /** The version that is kept of logs that are let expire. */
  readonly #kept = new Map<string, number>()
  #wrong: string | undefined

  constructor(run: Observation) {
    this.#run = run
  }

  onHappening(happening: Happening): void {
    if (happening.kind !== 'effect') return
    if (happening.call.method === 'expire') this.#kept.set(...happening.call.args)
    if (happening.call.method !== 'append' || happening.result !== 'committed') return
    const [name, commit] = happening.call.args
    this.#wrong ??= this.#appended(name, commit) ?? this.#ringOf(name)
  }

  onStep(): string | undefined {
    return this.#wrong
  }

  atEnd(): readonly string[] {
    return this.#run.logs().flatMap(log => this.#ringOf(log) ?? [])
  }

  #appended(name: string, commit: StoredCommit): string | undefined {
    const isSealed = bodyOf(commit.body).sealed
    const log = this.#logs.get(name)
    this.#logs.set(name, { newest: commit, isSealed })
    if (log === undefined) {
      return commit.version === commit.start
        ? undefined
        : `Log "${name}" begins with version ${commit.version}, not with its start ${commit.start}`
    }
    const { newest } = log
    if (log.isSealed) return `Log "${name}" has version ${commit.version} behind its seal ${newest.version}`
    if (commit.start !== newest.start || commit.ring !== newest.ring)
      return `Log "${name}" changed its start or its ring`
    if (commit.version !== newest.version + 1)
      return `Log "${name}" has version ${commit.version} after ${newest.version}: two writers, or a gap`
    return undefined
  }

  #ringOf(name: string): string | undefined {
    const ring = this.#run.ring(name)
    const kept = this.#kept.get(name)
    if (kept !== undefined)
      return ring.some(({ version }) => version === kept) ? undefined : `Log "${name}" has lost its version ${kept}`
    const { kind } = readOf(ring)
    return kind === 'whole' ? undefined : `The ring of log "${name}" is ${kind}`
  }
}
