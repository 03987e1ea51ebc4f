import type { Plan } from '../../shared/plan/plan.ts'
import { UsageError } from './command-line.ts'

const secondsOf: Readonly<Record<string, number>> = { s: 1, min: 60, h: 3_600, day: 86_400 }
const bytesOf: Readonly<Record<string, number>> = { B: 1, KB: 1024, MB: 1024 * 1024 }

const mostPerSecond = 1e9
const mostBytes = 10 * 1024 * 1024

/** Events a second by source, from `--rate 5000/s` for each, or `--rate trades=5000/s,quotes=20/min`. Throws a UsageError. */
export function ratesFrom(plan: Plan, text: string): ReadonlyMap<string, number> {
  const sources = plan.stages.flatMap(({ name, input }) => (input.kind === 'source' ? [name] : []))
  return byName('--rate', 'source', sources, text, rateFrom)
}

/** Shares by stage, from `--selectivity 0.5` or `--selectivity trades=0.5`. Throws a UsageError. */
export function sharesFrom(plan: Plan, text: string | undefined): ReadonlyMap<string, number> {
  const stages = plan.stages.map(stage => stage.name)
  return text === undefined ? new Map() : byName('--selectivity', 'stage', stages, text, shareFrom)
}

/** Bytes, from `200`, `200B`, `1.5KB` or `1MB`; a KB is 1,024 of them. Throws a UsageError. */
export function sizeFrom(text: string): number {
  const [, digits = '', unit = 'B'] = /^(\d+(?:\.\d+)?)\s?(B|KB|MB)?$/i.exec(text) ?? []
  const bytes = Math.round(Number(digits) * bytesOf[unit.toUpperCase()])
  if (digits !== '' && bytes >= 1 && bytes <= mostBytes) return bytes
  throw new UsageError(`Cannot read --size "${text}": expected bytes from 1 to 10 MB, as in 200B or 1.5KB`)
}

function rateFrom(text: string): number | undefined {
  const [, digits = '', unit = 's'] = /^(\d+(?:\.\d+)?)(?:\/(s|min|h|day))?$/.exec(text) ?? []
  const rate = Number(digits) / secondsOf[unit]
  return digits !== '' && rate <= mostPerSecond ? rate : undefined
}

function shareFrom(text: string): number | undefined {
  const share = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN
  return share <= 1_000_000 ? share : undefined
}

const expected: Readonly<Record<string, string>> = {
  '--rate': 'events by the time, as in 5000/s, 300/min, 2/h or 10/day',
  '--selectivity': 'a number from 0, as in 0.5',
}

function byName(
  option: string,
  kind: string,
  names: readonly string[],
  text: string,
  read: (text: string) => number | undefined,
): ReadonlyMap<string, number> {
  const value = (part: string): number => {
    const found = read(part)
    if (found !== undefined) return found
    throw new UsageError(`Cannot read ${option} "${text}": expected ${expected[option]}`)
  }
  if (!text.includes('=')) return new Map(names.map(name => [name, value(text)]))
  const found = new Map<string, number>()
  for (const part of text.split(',')) {
    const at = part.indexOf('=')
    const name = part.slice(0, Math.max(0, at)).trim()
    if (!names.includes(name)) {
      const known = names.map(each => `"${each}"`).join(', ')
      throw new UsageError(`Cannot read ${option} "${text}": there is no ${kind} "${name}", expected one of ${known}`)
    }
    if (found.has(name))
      throw new UsageError(`Cannot read ${option} "${text}": ${kind} "${name}" is in it twice, name it once`)
    found.set(name, value(part.slice(at + 1)))
  }
  return found
}
