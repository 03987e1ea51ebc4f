import { describeThrown } from '../../shared/model/errors.ts'
import type { Terminal } from './command-line.ts'
import { InterruptedError } from './errors.ts'
import { untilInterrupted } from './interrupt.ts'
import { wholeNumber } from './numbers.ts'
import { Progress } from './progress.ts'

export type Writing<Written> = {
  /** The file or folder that is written, complete or not at all. */
  readonly place: string
  /** What `place` is and how another is chosen, for errors. */
  readonly noun: 'file' | 'folder'
  /** What is counted, in the plural, and how many there will be. */
  readonly unit: string
  readonly total: number
  readonly countOf: (written: Written) => number
  /** Writes it, and tells of what is written so far. */
  readonly write: (onProgress: (written: Written) => void) => Promise<Written>
}

/** Shows how far the writing is. Throws a sentence when it cannot be done, and when someone interrupts it. */
export async function writtenUntilInterrupted<Written>(
  writing: Writing<Written>,
  terminal: Terminal,
): Promise<Written> {
  const { place, noun, unit, total, countOf, write } = writing
  const progress = new Progress(terminal, unit)
  let count = 0
  const finished: Written[] = []
  const work = async (stop: AbortSignal): Promise<void> => {
    const onProgress = (written: Written): void => {
      count = countOf(written)
      progress.update({ fraction: count / total, count })
      stop.throwIfAborted()
    }
    try {
      finished.push(await write(onProgress))
    } catch (error) {
      if (error !== stop.reason) throw unwritable(place, noun, error)
    }
  }
  try {
    const { signal } = await untilInterrupted(work)
    const [written] = finished
    if (signal === undefined || written !== undefined) return written
    throw new InterruptedError(signal, `Stopped at ${wholeNumber(count)} ${unit}: "${place}" was not written`)
  } finally {
    progress.stop()
  }
}

function unwritable(place: string, noun: Writing<unknown>['noun'], error: unknown): unknown {
  const code = error instanceof Error && 'code' in error ? String(error.code) : undefined
  if (code === undefined) return error
  const other = `name another ${noun} with --out`
  const faults: Readonly<Record<string, string>> = {
    ENOENT: `there is no such folder, make it or ${other}`,
    ENOTDIR: `a part of its path is a file, ${other}`,
    EEXIST: `it is a file, ${other}`,
    EISDIR: 'it is a folder, name a file with --out',
    EACCES: `it may not be written by this user, change its permissions or ${other}`,
    EPERM: `it may not be written by this user, change its permissions or ${other}`,
    EROFS: `its disk is read-only, ${other}`,
    ENOSPC: `the disk is full, free some space or name a ${noun} elsewhere with --out`,
  }
  return new Error(`Cannot write "${place}": ${faults[code] ?? describeThrown(error)}`, { cause: error })
}
