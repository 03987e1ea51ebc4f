import type { Plan } from '../../shared/plan/plan.ts'
import { loadPipeline } from '../functions/load-pipeline.ts'

/** A pipeline as a user named it. */
export type NamedPipeline = {
  readonly name: string
  /** Undefined when all that was given is its name. */
  readonly plan: Plan | undefined
}

/** By the path of its module, which is one with a slash or an ending such as `.ts`, or by its name alone. */
export async function namedPipeline(text: string, chosen?: string): Promise<NamedPipeline> {
  if (!/[/\\]|\.[cm]?[jt]s$/.test(text)) return { name: text, plan: undefined }
  const { name, plan } = await loadPipeline(text, chosen)
  return { name, plan }
}
