import { readdir } from 'node:fs/promises'
import type { Plan } from '../../shared/plan/plan.ts'
import { UsageError } from './command-line.ts'

/** Throws a UsageError where the pipeline has file sinks and their folder has files: those of an earlier run would look like its own. */
export async function checkEmpty(folder: string, plan: Plan): Promise<void> {
  if (!plan.graph.sinks.some(sink => sink.kind === 'files')) return
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return []
    throw new UsageError(
      `Cannot write files of pipeline "${plan.name}" to "${folder}": ${error.code}, expected a folder of its own with --files`,
    )
  })
  if (names.length === 0) return
  throw new UsageError(
    `Cannot write files of pipeline "${plan.name}" to "${folder}": the folder is not empty, empty it or give another with --files`,
  )
}
