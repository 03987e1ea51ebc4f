import type { ReadStart } from '../cloud/operations.ts'
import { UsageError } from './command-line.ts'

/**
 * Where reading begins: `beginning`, `latest`, a time in ISO 8601 (in UTC unless it says its zone), milliseconds since 1970, or `10m ago`
 * with ms, s, m, h or d. Throws a UsageError.
 */
export function readStartOf(text: string, nowMs: number): ReadStart {
  if (text === 'beginning' || text === 'latest') return { kind: text }
  const ms = timeIn(text, nowMs)
  if (ms !== undefined) return { kind: 'time', ms }
  throw new UsageError(
    `Cannot read --from "${text}": expected beginning, latest, or a time such as 2016-03-22T20:25:28Z, 1458678328000 or "10m ago"`,
  )
}

function timeIn(text: string, nowMs: number): number | undefined {
  if (/^\d{10,15}$/.test(text)) return Number(text)
  const [, count, unit = ''] = /^(\d{1,9}(?:\.\d{1,3})?) ?(ms|[smhd])(?: ago)?$/.exec(text) ?? []
  if (count !== undefined) return Math.max(0, Math.floor(nowMs - Number(count) * unitMs[unit]))
  const [, day, time = '00:00', zone = 'Z'] = isoTime.exec(text) ?? []
  if (day === undefined) return undefined
  const ms = Date.parse(`${day}T${time}${zone}`)
  return Number.isFinite(ms) ? ms : undefined
}

const isoTime = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?))?(Z|[+-]\d{2}:\d{2})?$/

const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }
