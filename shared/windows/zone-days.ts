import { ConfigurationError } from '../model/errors.ts'

/** The days of a time zone. All times are epoch milliseconds. */
export type Days = {
  /** When the day that holds a time began. */
  startOf(time: number): number
  /** When the day that holds a time ends and the next one begins. */
  endOf(time: number): number
}

const dayMs = 86_400_000
/** No zone was ever further from UTC. */
const furthestMs = 16 * 3_600_000
/** Days of which the start is remembered; beyond, the memory begins anew. */
const rememberedDays = 10_000

/**
 * Days that begin at `startsAtMs` on the zone's clock. Offsets are asked of Intl, which is slow, so starts of days are remembered. Throws a
 * ConfigurationError for a zone that is not known.
 */
export function daysOf(zone: string, startsAtMs: number): Days {
  const offsetAt = offsetsOf(zone)
  const starts = new Map<number, number>()
  let day = { start: 0, end: 0 }

  /** The day that is the date of this number since 1970-01-01: the first time at which the clock has come to its start. */
  const startOfDate = (date: number): number => {
    const known = starts.get(date)
    if (known !== undefined) return known
    if (starts.size >= rememberedDays) starts.clear()
    const start = firstAt(offsetAt, date * dayMs + startsAtMs)
    starts.set(date, start)
    return start
  }
  const dayAt = (time: number) => {
    if (time >= day.start && time < day.end) return day
    let date = Math.floor((time - startsAtMs) / dayMs) - 1
    // At most two dates on, as a zone is less than a day from UTC; or past a date that a zone skipped.
    while (startOfDate(date + 1) <= time) date++
    day = { start: startOfDate(date), end: startOfDate(date + 1) }
    return day
  }
  return { startOf: time => dayAt(time).start, endOf: time => dayAt(time).end }
}

/** The first time at which the clock shows `local` or later; `local` is what it shows, as if it were UTC. */
function firstAt(offsetAt: (time: number) => number, local: number): number {
  const [earlier, later] = [local - furthestMs, local + furthestMs]
  const [before, after] = [offsetAt(earlier), offsetAt(later)]
  if (before === after) return local - before
  const change = changeBetween(offsetAt, earlier, later)
  const unchanged = local - before
  return unchanged < change ? unchanged : Math.max(change, local - after)
}

/** When the offset is another one for the first time. */
function changeBetween(offsetAt: (time: number) => number, earlier: number, later: number): number {
  const before = offsetAt(earlier)
  let [from, to] = [earlier, later]
  while (to - from > 1) {
    const middle = from + Math.floor((to - from) / 2)
    if (offsetAt(middle) === before) from = middle
    else to = middle
  }
  return to
}

/** How far a zone's clock is ahead of UTC, in milliseconds. */
function offsetsOf(zone: string): (time: number) => number {
  const format = formatOf(zone)
  return time => {
    const text = format.formatToParts(time).find(part => part.type === 'timeZoneName')?.value ?? ''
    const found = /^GMT(?:([+-])(\d\d):(\d\d)(?::(\d\d))?)?$/.exec(text)
    if (found === null) throw new Error(`Cannot read the offset of time zone "${zone}": found "${text}"`)
    const [, sign = '+', hours = '0', minutes = '0', seconds = '0'] = found
    const ms = ((Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1_000
    return sign === '-' ? -ms : ms
  }
}

function formatOf(zone: string): Intl.DateTimeFormat {
  try {
    return new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'longOffset' })
  } catch (cause) {
    throw new ConfigurationError(
      `Cannot make daily windows: time zone "${zone}" is not known, expected one as "Europe/Berlin"`,
      { cause },
    )
  }
}
