import assert from 'node:assert/strict'
import { beginningOfTime } from '../../shared/model/event-time.ts'
import type { Window } from '../../shared/windows/window.ts'

export type WindowSettings = {
  /** The windows that hold a time, found without slices. */
  readonly windowsOf: (time: number) => readonly Window[]
  readonly lateness: number
}
type Pane = {
  readonly key: string
  readonly start: number
  readonly end: number
  readonly value: string
  readonly commit: number
}
type Held = {
  readonly key: string
  readonly start: number
  readonly end: number
  values: number[]
  hasFired: boolean
  isChanged: boolean
}

/** Every window on its own, as the Dataflow model describes it: no slices, no timers of one's own. */
export class NaiveWindows {
  readonly panes: Pane[] = []
  /** Newest contents of every window that ever was. */
  readonly latest = new Map<string, string>()
  expired = 0
  late = 0
  commit = 0
  watermark = beginningOfTime
  readonly #settings: WindowSettings
  readonly #kind: 'final' | 'updates'
  readonly #windows = new Map<string, Held>()

  constructor(settings: WindowSettings, kind: 'final' | 'updates') {
    this.#settings = settings
    this.#kind = kind
  }

  process(key: string, value: number, time: number): void {
    const { windowsOf, lateness } = this.#settings
    const open = windowsOf(time).filter(({ end }) => end - 1 + lateness > this.watermark)
    if (open.length === 0) {
      this.expired++
      return
    }
    if (time <= this.watermark) this.late++
    for (const { start, end } of open) {
      const name = `${key} ${start} ${end}`
      const held = this.#windows.get(name) ?? {
        key,
        start,
        end,
        values: [],
        hasFired: end - 1 <= this.watermark,
        isChanged: false,
      }
      this.#windows.set(name, held)
      held.values.push(value)
      held.isChanged = true
      this.latest.set(name, textOf(held))
    }
  }

  /** The operator says that it fires a timer of a key. */
  fire(at: number, key: string): void {
    for (const [name, held] of this.#windows) {
      if (held.key !== key) continue
      if (held.end - 1 === at) {
        assert.ok(!held.hasFired, `window ${name} fires once`)
        held.hasFired = true
        if (this.#kind === 'final' || held.isChanged) this.#emit(held)
      }
      if (held.end - 1 + this.#settings.lateness === at) {
        if (held.isChanged) this.#emit(held)
        this.#windows.delete(name)
      }
    }
  }

  /** The watermark has moved: nothing that was due may be left. */
  reach(watermark: number): void {
    this.watermark = watermark
    for (const [name, held] of this.#windows) {
      assert.ok(held.hasFired || held.end - 1 > watermark, `window ${name} has fired`)
      assert.ok(held.end - 1 + this.#settings.lateness > watermark, `window ${name} has gone`)
    }
  }

  flush(): void {
    for (const held of this.#windows.values()) {
      if (held.isChanged && (held.hasFired || this.#kind === 'updates')) this.#emit(held)
    }
    this.commit++
  }

  #emit(held: Held): void {
    held.isChanged = false
    this.panes.push({ key: held.key, start: held.start, end: held.end, value: textOf(held), commit: this.commit })
  }
}

const textOf = (held: Held): string => [...held.values].sort((a, b) => a - b).join(' ')

/** Panes by window, each as `commit:value`; the same value twice in one commit is one change. */
export function byWindow(panes: readonly Pane[]): Record<string, string[]> {
  const lists: Record<string, string[]> = {}
  for (const { key, start, end, value, commit } of panes) {
    const name = `${key} ${start} ${end}`
    lists[name] ??= []
    lists[name].push(`${commit}:${value}`)
  }
  return lists
}

/** Windows of `size` that start every `hop` from `offset`, by trying all starts. */
export const hoppingBy =
  (size: number, hop: number, offset: number) =>
  (time: number): readonly Window[] => {
    const windows: Window[] = []
    for (let start = time - size + 1; start <= time; start++) {
      if ((start - offset) % hop === 0) windows.push({ start, end: start + size })
    }
    return windows
  }

/** Windows that start every `max` from `offset` and end every `step` after that, by trying all ends. */
export const cumulatingBy =
  (max: number, step: number, offset: number) =>
  (time: number): readonly Window[] =>
    hoppingBy(
      max,
      max,
      offset,
    )(time).flatMap(({ start }) => {
      const ends = Array.from({ length: max / step }, (_, i) => start + (i + 1) * step)
      return ends.filter(end => end > time).map(end => ({ start, end }))
    })

export type { Pane }
