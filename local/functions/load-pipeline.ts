import { access } from 'node:fs/promises'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Pipeline } from '../../shared/dsl/pipeline.ts'
import { describeThrown } from '../../shared/model/errors.ts'

/** A pipeline file that is not one. */
export class PipelineFileError extends Error {
  override readonly name = 'PipelineFileError'
}

/**
 * Loads the module and finds the one pipeline that it exports, or the one that `name` picks. Throws a PipelineFileError whose message
 * names the file and what to do.
 */
export async function loadPipeline(file: string, name?: string): Promise<Pipeline<unknown, unknown>> {
  const path = resolve(file)
  await access(path).catch(() => {
    throw new PipelineFileError(
      `Cannot load pipeline "${file}": there is no such file, give the path of a .ts or .js module`,
    )
  })
  const module: unknown = await import(pathToFileURL(path).href).catch(error => {
    throw new PipelineFileError(`Cannot load pipeline "${file}": ${describeThrown(error)}`, { cause: error })
  })
  const found =
    typeof module === 'object' && module !== null ? [...new Set(Object.values(module).filter(isPipeline))] : []
  const chosen = name === undefined ? found : found.filter(pipeline => pipeline.name === name)
  if (chosen.length === 1) return chosen[0]
  const names = found.map(pipeline => `"${pipeline.name}"`).join(', ')
  if (found.length === 0) {
    throw new PipelineFileError(
      `Cannot load pipeline "${file}": it exports none, expected something like export const orders = pipeline('orders', ...)`,
    )
  }
  throw new PipelineFileError(`Cannot load pipeline "${file}": it exports ${names}, choose one with --pipeline NAME`)
}

const isPipeline = (value: unknown): value is Pipeline<unknown, unknown> =>
  typeof value === 'object' && value !== null && 'plan' in value && 'name' in value && typeof value.name === 'string'
