import type { WindowAssigner } from '../windows/window.ts'

/** Windows in words. */
export function windowsText(windows: WindowAssigner): string {
  switch (windows.kind) {
    case 'session':
      return `sessions with a gap of ${durationText(windows.gapMs)}${windows.joinsAtGap ? '' : ', exactly one gap apart parts'}`
    case 'global':
      return 'one window over all time'
    case 'tumbling':
      return `tumbling windows of ${durationText(windows.sizeMs)}${offsetText(windows.offsetMs)}`
    case 'hopping':
      return `windows of ${durationText(windows.sizeMs)} every ${durationText(windows.hopMs)}${offsetText(windows.offsetMs)}`
    case 'cumulating': {
      const skips = windows.leavesOutUnchanged ? ', unchanged ones left out' : ''
      return `windows that grow by ${durationText(windows.stepMs)} up to ${durationText(windows.sizeMs)}${offsetText(windows.offsetMs)}${skips}`
    }
    case 'daily': {
      const from = windows.startsAtMs === 0 ? '' : ` from ${durationText(windows.startsAtMs)} after midnight`
      return `days in ${windows.zone}${from}`
    }
    case 'sliding':
      return `windows that slide over the records, ${durationText(windows.differenceMs)} back from each`
    case 'count': {
      const every = windows.every === windows.size ? '' : ` every ${windows.every}`
      return `windows of ${windows.size} records of a key${every}${windows.emitsLeftover ? ', and what is left over' : ''}`
    }
  }
}

/** What an aggregate keeps for such windows. */
export function keptInWindows(windows: WindowAssigner): string {
  switch (windows.kind) {
    case 'global':
      return 'one accumulator per key, for ever'
    case 'session':
      return 'one accumulator per key and open session'
    case 'sliding':
      return `one accumulator per key and event time, ${durationText(windows.differenceMs)} long`
    case 'count':
      return `one accumulator per key for each ${windows.every} records of a window, for ever`
    case 'daily':
      return 'one accumulator per key and day, until the day has closed'
    case 'cumulating':
      return slicesText(windows.stepMs)
    default:
      return slicesText(windows.sliceMs)
  }
}

const slicesText = (sliceMs: number): string =>
  `one accumulator per key and slice of ${durationText(sliceMs)}, until its last window has closed`

const offsetText = (offsetMs: number): string => (offsetMs === 0 ? '' : ` offset by ${durationText(offsetMs)}`)

const units = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1_000],
] as const

/** In the largest unit that it is a whole number of. */
export function durationText(ms: number): string {
  for (const [unit, size] of units) {
    if (ms !== 0 && ms % size === 0) return `${ms / size} ${unit}${ms === size ? '' : 's'}`
  }
  return `${ms} ms`
}
