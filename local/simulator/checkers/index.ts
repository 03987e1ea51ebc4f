import type { Checker } from '../observation.ts'
import { bounds } from './bounds.ts'
import { chunks } from './chunks.ts'
import { emptied } from './emptied.ts'
import { names } from './names.ts'
import { versions } from './versions.ts'
import { watermarks } from './watermarks.ts'

/** The invariants of protocol.md that are seen in what a run does; that its outputs are those of the batch, the run itself compares. */
export const checkers: readonly Checker[] = [versions, bounds, names, chunks, watermarks, emptied]
