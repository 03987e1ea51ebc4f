import { limits } from '../../shared/model/limits.ts'
import type { Plan } from '../../shared/plan/plan.ts'
import { folderSourceOf } from '../../shared/plan/resources.ts'
import { UsageError } from './command-line.ts'
import { numberIn } from './once.ts'

/** Source to file or folder, from `--input SOURCE=FILE`, for all sources that read no folder of their own, or some. Throws a UsageError. */
export function inputsFrom(
  plan: Plan,
  texts: readonly string[],
  needed: 'all' | 'some' = 'all',
): ReadonlyMap<string, string> {
  const sources = plan.stages.flatMap(({ input }) => (input.kind === 'source' ? [input.stream] : []))
  const inputs = new Map<string, string>()
  for (const text of texts) {
    const { name, value } = assignment('--input', text, 'SOURCE=FILE', `${sources[0]}=FILE`)
    if (!sources.includes(name)) throw unknownName(`--input "${text}"`, plan, 'source', name, sources)
    if (inputs.has(name)) {
      throw new UsageError(`Cannot read --input "${text}": source "${name}" has one already, give each source one file`)
    }
    inputs.set(name, value)
  }
  const folders = plan.stages.flatMap(({ input }) => folderSourceOf(input)?.name ?? [])
  const bare = sources.filter(source => !inputs.has(source) && !folders.includes(source))
  if (bare.length === 0 || needed === 'some') return inputs
  const sentence = `source${bare.length === 1 ? '' : 's'} ${listed(bare)} ${bare.length === 1 ? 'has' : 'have'} no input`
  const way = bare.map(source => `--input ${source}=FILE`).join(' ')
  throw new UsageError(`Cannot run pipeline "${plan.name}": ${sentence}, add ${way}`)
}

/** Most shards that a stream is given here: a keyed stage has no use for more than it may have key groups. */
const mostShards = limits.maxKeyGroups

/** Stage to number of shards, from `--shards trades=4,side=2`. */
export const shardsFrom = (plan: Plan, text: string | undefined): ReadonlyMap<string, number> =>
  text === undefined ? new Map() : numbersByStage('--shards', plan, text, mostShards)

/** The batch size of each stage, from `--batch-size 500` for all, or `--batch-size trades=100,side=500` for some. */
export const batchSizesFrom = (plan: Plan, text: string | undefined): ReadonlyMap<string, number> =>
  text === undefined ? new Map() : numbersOfStages('--batch-size', plan, text, limits.batchRecords)

/** A number from 1 for all stages, or for some: `500`, or `trades=100,side=500`. */
export function numbersOfStages(option: string, plan: Plan, text: string, most: number): ReadonlyMap<string, number> {
  if (text.includes('=')) return numbersByStage(option, plan, text, most)
  const number = numberIn(option, text, 1, most)
  return new Map(plan.stages.map(stage => [stage.name, number]))
}

/** The views to show: those asked for, in the order asked, or all. */
export function viewsFrom(plan: Plan, known: readonly string[], asked: readonly string[]): readonly string[] {
  if (asked.length === 0) return known
  for (const [i, name] of asked.entries()) {
    if (!known.includes(name)) throw unknownName(`--view "${name}"`, plan, 'view', name, known)
    if (asked.indexOf(name) < i)
      throw new UsageError(`Cannot read --view "${name}": it was given already, give it once`)
  }
  return asked
}

function numbersByStage(option: string, plan: Plan, text: string, most: number): ReadonlyMap<string, number> {
  const stages = plan.stages.map(stage => stage.name)
  const numbers = new Map<string, number>()
  for (const part of text.split(',')) {
    const { name, value } = assignment(option, part, 'STAGE=NUMBER', `${stages[0]}=4`)
    if (!stages.includes(name)) throw unknownName(`${option} "${part}"`, plan, 'stage', name, stages)
    if (numbers.has(name))
      throw new UsageError(`Cannot read ${option} "${text}": stage "${name}" is in it twice, name it once`)
    numbers.set(name, numberIn(option, part, 1, most, value))
  }
  return numbers
}

function assignment(option: string, text: string, form: string, example: string): { name: string; value: string } {
  const [, name, value] = /^([^=]+)=(.+)$/s.exec(text) ?? []
  if (name !== undefined && value !== undefined) return { name: name.trim(), value }
  throw new UsageError(`Cannot read ${option} "${text}": expected ${form}, as in ${option} ${example}`)
}

function unknownName(what: string, plan: Plan, kind: string, name: string, known: readonly string[]): UsageError {
  const has = known.length === 0 ? `it has none` : `it has ${listed(known)}`
  return new UsageError(`Cannot read ${what}: pipeline "${plan.name}" has no ${kind} "${name}", ${has}`)
}

const listed = (names: readonly string[]): string => names.map(name => `"${name}"`).join(', ')
