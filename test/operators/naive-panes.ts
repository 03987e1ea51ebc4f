import { beginningOfTime, endOfTime } from '../../shared/model/event-time.ts'
import type { PaneEmission, PaneTrigger } from '../../shared/operators/panes/pane-emission.ts'

export type NaiveSettings = {
  readonly emission: PaneEmission
  readonly lateness: number
  /** The window's end in event time, where a row has no time of its own. */
  readonly rowTimeOf: (end: number) => number
  /** Bounds of the windows that hold a time; of sessions, the gap. */
  readonly windows: ((time: number) => readonly (readonly [start: number, end: number])[]) | NaiveSessions
  /** The watermark at which the window that ends here is due. */
  readonly dueOf: (end: number) => number
}

export type NaiveSessions = { readonly gap: number; readonly joins: boolean }

type Held = {
  readonly key: string
  start: number
  end: number
  all: number[]
  news: number[]
  eventDue: number | undefined
  arrivalDue: number | undefined
  index: number
  fired: number
  /** Times of records since the last pane that were not behind the watermark. */
  times: number[]
  said: { start: number; end: number; value: string; timing: string; index: number }[]
}

/**
 * Panes as their description says, without timers or stores: time steps from one thing that is due to the next, and every window is
 * looked at each time. What it says is told in lines, by key.
 */
export class NaivePanes {
  readonly lines = new Map<string, string[]>()
  watermark = beginningOfTime
  arrival = 0
  expired = 0
  late = 0
  readonly #settings: NaiveSettings
  #held: Held[] = []

  constructor(settings: NaiveSettings) {
    this.#settings = settings
  }

  process(key: string, value: number, time: number): void {
    const windows = this.#windowsFor(key, time)
    if (windows.length === 0) {
      this.expired++
      return
    }
    if (time <= this.watermark) this.late++
    for (const held of windows) {
      const trigger = this.#triggerOf(held)
      held.all.push(value)
      held.news.push(value)
      this.#noteTime(held, time)
      if (trigger?.eventTimeMs !== undefined) held.eventDue ??= this.#nextMultiple(trigger.eventTimeMs, held.start)
      if (trigger?.arrivalTimeMs !== undefined) held.arrivalDue ??= this.arrival + trigger.arrivalTimeMs
      this.#fireIfDue(held)
    }
  }

  /** The watermark moves: everything due on the way happens, in the order of time, key and window. */
  advance(to: number): void {
    while (this.watermark < to) {
      const dues = this.#held.flatMap(held => [this.#dueOf(held), this.#closedOf(held), held.eventDue ?? endOfTime])
      const at = Math.min(to, ...dues.filter(due => due > this.watermark))
      const before = this.watermark
      this.watermark = at
      for (const held of [...this.#held].sort((a, b) => a.end - b.end)) this.#reach(held, before)
    }
  }

  /** Arrival time passes: by when a pane is due, then by the window's end as text. */
  arrive(at: number): void {
    this.arrival = at
    const waiting = this.#held.filter(held => held.arrivalDue !== undefined)
    const turn = (held: Held) => `${String(held.arrivalDue).padStart(8)} ${held.end}/${held.key}`
    for (const held of waiting.sort((a, b) => (turn(a) < turn(b) ? -1 : 1))) this.#fireIfDue(held)
  }

  #reach(held: Held, before: number): void {
    const at = this.watermark
    if (this.#dueOf(held) === at) {
      if (held.news.length > 0 || this.#settings.emission.onTime === 'always') this.#fire(held, 'onTime')
      held.fired = 0
    } else if (held.eventDue !== undefined && held.eventDue > before && held.eventDue <= at) {
      this.#fireIfDue(held)
    }
    if (this.#closedOf(held) > at) return
    if (held.news.length > 0) this.#fire(held, 'late')
    this.#held = this.#held.filter(other => other !== held)
  }

  #fireIfDue(held: Held): void {
    const trigger = this.#triggerOf(held)
    if (trigger === undefined || held.news.length === 0) return
    if (trigger.atMost !== undefined && held.fired >= trigger.atMost) return
    const isDue = [
      trigger.records === undefined ? undefined : held.news.length >= trigger.records,
      trigger.eventTimeMs === undefined ? undefined : (held.eventDue ?? endOfTime) <= this.watermark,
      trigger.arrivalTimeMs === undefined ? undefined : (held.arrivalDue ?? endOfTime) <= this.arrival,
    ].filter(part => part !== undefined)
    if (trigger.when === 'all' ? isDue.every(Boolean) : isDue.some(Boolean)) {
      this.#fire(held, this.#dueOf(held) > this.watermark ? 'early' : 'late')
    }
  }

  #noteTime(held: Held, time: number): void {
    const by = this.#settings.emission.time
    const own = typeof by === 'function' ? by(time, { start: held.start, end: held.end }) : time
    if (own > this.watermark) held.times.push(own)
  }

  #timeOf({ times, end }: Held): number {
    const by = this.#settings.emission.time
    if (by === 'end' || times.length === 0) return this.#settings.rowTimeOf(end)
    return by === 'latest' ? Math.max(...times) : Math.min(...times)
  }

  #fire(held: Held, timing: string): void {
    const { accumulation } = this.#settings.emission
    const { key, start, end, index } = held
    const lines = this.lines.get(key) ?? []
    this.lines.set(key, lines)
    const value = (accumulation === 'discarding' ? held.news : held.all).join(' ')
    const at = `at ${this.#timeOf(held)}: `
    for (const said of held.said) {
      const where = `${said.start}-${said.end}`
      if (accumulation === 'retracting') lines.push(`${at}not ${where} ${said.timing} ${said.index}: ${said.value}`)
      if (said.start !== start || said.end !== end) lines.push(`${at}gone ${where}`)
    }
    lines.push(`${at}${start}-${end} ${timing} ${index}: ${value}`)
    if (accumulation === 'retracting' || 'gap' in this.#settings.windows) {
      held.said = [{ start, end, value, timing, index }]
    }
    held.news = []
    held.times = []
    held.eventDue = undefined
    held.arrivalDue = undefined
    held.index++
    held.fired++
  }

  readonly #dueOf = (held: Held): number => this.#settings.dueOf(held.end)
  readonly #closedOf = (held: { readonly end: number }): number => {
    const due = this.#settings.dueOf(held.end)
    return due === endOfTime ? due : due + this.#settings.lateness
  }

  #triggerOf(held: Held): PaneTrigger | undefined {
    const { early, late } = this.#settings.emission
    return this.#dueOf(held) > this.watermark ? early : late
  }

  #nextMultiple(step: number, start: number): number {
    let multiple = 0
    const least = Math.max(start, this.watermark + 1, -1_000)
    while (multiple > least) multiple -= step
    while (multiple <= least) multiple += step
    return multiple - 1
  }

  #windowsFor(key: string, time: number): Held[] {
    const { windows } = this.#settings
    if ('gap' in windows) return this.#session(key, time, windows)
    const open = windows(time).filter(([, end]) => this.#closedOf({ end }) > this.watermark)
    return open.map(([start, end]) => {
      const known = this.#held.find(held => held.key === key && held.end === end)
      if (known !== undefined) this.#fireIfDue(known)
      return known ?? this.#hold({ ...fresh, key, start, end })
    })
  }

  #session(key: string, time: number, { gap, joins }: NaiveSessions): Held[] {
    const touches = ({ start, end }: Held) =>
      joins ? time <= end && time >= start - gap : time < end && time > start - gap
    const touched = this.#held.filter(held => held.key === key && touches(held)).sort((a, b) => a.end - b.end)
    const start = Math.min(time, ...touched.map(held => held.start))
    const end = Math.max(time + gap, ...touched.map(held => held.end))
    if (this.#closedOf({ end }) <= this.watermark) return []
    for (const held of touched) this.#fireIfDue(held)
    const [only] = touched
    if (touched.length === 1 && only.start === start && only.end === end) return [only]
    this.#held = this.#held.filter(held => !touched.includes(held))
    const dues = (of: (held: Held) => number | undefined) => {
      const known = touched.map(of).filter(due => due !== undefined)
      return known.length === 0 ? undefined : Math.min(...known)
    }
    const goesOn = this.#settings.emission.grown === 'continue'
    const merged = {
      key,
      start,
      end,
      all: touched.flatMap(held => held.all),
      news: touched.flatMap(held => held.news),
      eventDue: dues(held => held.eventDue),
      arrivalDue: dues(held => held.arrivalDue),
      index: goesOn ? touched.reduce((sum, held) => sum + held.index, 0) : 0,
      fired: touched.reduce((sum, held) => sum + held.fired, 0),
      times: touched.flatMap(held => held.times),
      said: touched.flatMap(held => held.said),
    }
    return [this.#hold(merged)]
  }

  #hold(held: Held): Held {
    const own = { ...held, all: [...held.all], news: [...held.news], times: [...held.times], said: [...held.said] }
    this.#held.push(own)
    return own
  }
}

const fresh = {
  all: [],
  news: [],
  eventDue: undefined,
  arrivalDue: undefined,
  index: 0,
  fired: 0,
  times: [],
  said: [],
}
