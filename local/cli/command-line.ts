import type { Command } from 'commander'

/** What commands print to, so that tests can listen. Results go to `out`, everything else to `err`. */
export type Terminal = {
  readonly out: (text: string) => void
  readonly err: (text: string) => void
  /** Whether `err` is a terminal that shows a progress bar; otherwise progress is plain lines, now and then. */
  readonly isInteractive: boolean
  readonly columns: number
  /** Resolves when whoever reads `out` has room for more, or the signal is aborted. Left out where there always is. */
  readonly drained?: (signal: AbortSignal) => Promise<void>
}

/** A command adds itself to the program. */
export type AddCommand = (program: Command, terminal: Terminal) => void

/** The command line was wrong: exit status 2. Other errors exit with 1. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}
