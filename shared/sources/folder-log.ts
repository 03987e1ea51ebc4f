import type { CommitLogPort } from '../ports/commit-log.ts'
import type { FolderMark } from './folder-mark.ts'

/** What is known of the reading of a folder. */
export type FolderProgress = {
  /** Left out before the first file. */
  readonly mark?: FolderMark
  /** Until then an invocation is reading, unless it has died; epoch milliseconds. For sparing work: results are exact whoever reads. */
  readonly heldUntilMs: number
}

/** The first version, and how many the log keeps: the newest alone is ever read. */
const start = 1
const ring = 2

/**
 * Marks of a folder, as a log of their own beside those of the stage's shards: a mark is written on condition that nobody wrote one since,
 * so two readers never give two files one number.
 */
export class FolderLog {
  readonly #commits: CommitLogPort
  readonly #log: string
  #version = start - 1
  #progress: FolderProgress = { heldUntilMs: 0 }

  constructor(commits: CommitLogPort, pipeline: string, stage: string) {
    this.#commits = commits
    this.#log = `${pipeline}/${stage}/folder-marks`
  }

  get progress(): FolderProgress {
    return this.#progress
  }

  async load(): Promise<void> {
    for (const { version, body } of await this.#commits.readRing(this.#log)) {
      if (version < this.#version) continue
      this.#version = version
      this.#progress = JSON.parse(Buffer.from(body).toString('utf8'))
    }
  }

  /** False where another reader has written meanwhile: then this one must stop. */
  async save(progress: FolderProgress): Promise<boolean> {
    const version = this.#version + 1
    const body = Buffer.from(JSON.stringify(progress), 'utf8')
    if ((await this.#commits.append(this.#log, { version, start, ring, body })) === 'stale') return false
    this.#version = version
    this.#progress = progress
    return true
  }
}
