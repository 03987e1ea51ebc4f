/**
 * The day that holds a time, as the clocks of a zone show it: it begins the first time that they show its date at `startsAtMs`, or
 * what comes after where they skip that. Looked for minute by minute, and then millisecond by millisecond.
 */
export function dayHolding(
  time: number,
  zone: string,
  startsAtMs: number,
): { readonly start: number; readonly end: number } {
  const startOf = (date: number): number => startOfDate(date, zone, startsAtMs)
  let date = Math.floor((time - startsAtMs) / dayMs) - 2
  while (startOf(date + 1) <= time) date++
  return { start: startOf(date), end: startOf(date + 1) }
}

const dayMs = 86_400_000
const minuteMs = 60_000
/** No zone was ever further from UTC. */
const furthestMs = 16 * 60 * minuteMs
const starts = new Map<string, number>()

/** `date` counts days from 1970-01-01. */
function startOfDate(date: number, zone: string, startsAtMs: number): number {
  const name = `${date}/${startsAtMs}/${zone}`
  const known = starts.get(name)
  if (known !== undefined) return known
  const shown = date * dayMs + startsAtMs
  const hasBegun = (time: number): boolean => clockAt(time, zone) >= shown
  let minute = Math.floor((shown - furthestMs) / minuteMs) * minuteMs
  while (!hasBegun(minute)) minute += minuteMs
  let [before, start] = [minute - minuteMs, minute]
  while (start - before > 1) {
    const middle = Math.floor((before + start) / 2)
    if (hasBegun(middle)) start = middle
    else before = middle
  }
  starts.set(name, start)
  return start
}

const formats = new Map<string, Intl.DateTimeFormat>()

/** What the clocks show, as if it were UTC. */
function clockAt(time: number, zone: string): number {
  const format = formats.get(zone) ?? formatOf(zone)
  formats.set(zone, format)
  const shown = Object.fromEntries(format.formatToParts(time).map(({ type, value }) => [type, Number(value)]))
  const { year, month, day, hour, minute, second } = shown
  return Date.UTC(year, month - 1, day, hour, minute, second) + (((time % 1_000) + 1_000) % 1_000)
}

const formatOf = (zone: string): Intl.DateTimeFormat =>
  new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  })
