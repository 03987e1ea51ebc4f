import type { Count, ExpectedPanes, PanesOfWindow } from './expected.ts'
import { keyText } from './keys.ts'
import { shortText, textOf } from './text.ts'
import { type OracleWindow, windowText } from './windows.ts'

type PaneRow = {
  readonly key: unknown
  readonly window: OracleWindow
  readonly value: unknown
  readonly pane: { readonly timing: Timing; readonly index: number; readonly isRetraction?: boolean }
}

type Timing = 'early' | 'onTime' | 'late'
const timings: readonly Timing[] = ['early', 'onTime', 'late']

/** What is wrong with the panes of each window, whatever the order in which they were seen. */
export function paneDifferences({ windows, open }: ExpectedPanes, seen: readonly unknown[]): string[] {
  const rows = new Map<PanesOfWindow, PaneRow[]>(windows.map(window => [window, []]))
  const byKey = Map.groupBy(windows, ({ key }) => keyText(key))
  const told: string[] = []
  for (const row of seen as readonly PaneRow[]) {
    const key = keyText(row.key)
    if (open.keys.has(key) || open.rows.has(`${windowText(row.window)}/${key}`)) continue
    const own = byKey.get(key)?.find(expected => isOf(row, expected))
    if (own === undefined) told.push(`row ${shortText(row)} is there, expected none of its key and window`)
    else rows.get(own)?.push(row)
  }
  for (const [expected, own] of rows) {
    for (const what of windowDifferences(expected, own)) {
      told.push(`panes of key ${shortText(expected.key)}, window ${windowText(expected.window)}: ${what}`)
    }
  }
  return told
}

/** Panes of a session were said of what it was by then. */
const isOf = ({ window }: PaneRow, { window: whole, isGrowing }: PanesOfWindow): boolean =>
  isGrowing
    ? window.start >= whole.start && window.end <= whole.end
    : window.start === whole.start && window.end === whole.end

function windowDifferences(expected: PanesOfWindow, own: readonly PaneRow[]): string[] {
  const { accumulation, isGrowing, restarts, window } = expected
  const told: string[] = []
  const said = own.filter(({ pane }) => pane.isRetraction !== true)
  const latest = said.filter(row => !restarts || windowText(row.window) === windowText(window))
  latest.sort((a, b) => a.pane.index - b.pane.index)
  const newest = latest.at(-1)
  for (const timing of timings) {
    const found = said.filter(({ pane }) => pane.timing === timing).length
    if (!isWithin(expected[timing], found))
      told.push(`${found} panes ${timing}, expected ${countText(expected[timing])}`)
  }
  if (newest === undefined) return told
  if (!restarts && !isGrowing) told.push(...orderDifferences(latest))
  if (!restarts && newest.pane.index !== said.length - 1)
    told.push(`the newest has index ${newest.pane.index}, expected ${said.length - 1}`)
  if (windowText(newest.window) !== windowText(window))
    told.push(`the newest is of window ${windowText(newest.window)}`)
  told.push(...valueDifferences(expected, said, newest))
  if (accumulation === 'retracting') told.push(...retractionDifferences(own, said, newest))
  return told
}

function orderDifferences(panes: readonly PaneRow[]): string[] {
  const told: string[] = []
  for (const [i, { pane }] of panes.entries()) {
    if (pane.index !== i) told.push(`a pane has index ${pane.index}, expected ${i}`)
    const before = panes[i - 1]?.pane
    if (before !== undefined && timings.indexOf(before.timing) > timings.indexOf(pane.timing))
      told.push(`pane ${i} is ${pane.timing}, after one that is ${before.timing}`)
  }
  return told
}

function valueDifferences(
  { all, accumulation, adds, recordsPerEarly }: PanesOfWindow,
  said: readonly PaneRow[],
  newest: PaneRow,
): string[] {
  const told: string[] = []
  const isDiscarding = accumulation === 'discarding'
  if (recordsPerEarly !== undefined) {
    for (const { pane, value } of said) {
      const records = isDiscarding ? recordsPerEarly : recordsPerEarly * (pane.index + 1)
      if (pane.timing === 'early' && value !== records)
        told.push(`early pane ${pane.index} has ${shortText(value)}, expected ${records}`)
    }
  }
  if (all === undefined) return told
  if (!isDiscarding) {
    if (textOf(newest.value) !== textOf(all.value))
      told.push(`the newest has ${shortText(newest.value)}, expected ${shortText(all.value)}`)
  } else if (adds !== undefined) {
    const whole = addedUp(adds, said.map(({ value }) => value) as readonly number[])
    if (!isNear(whole, all.value as number)) told.push(`all together have ${whole}, expected ${shortText(all.value)}`)
  }
  return told
}

const addedUp = (adds: 'sum' | 'min' | 'max', values: readonly number[]): number =>
  adds === 'sum' ? values.reduce((sum, value) => sum + value, 0) : Math[adds](...values)

/** Each pane's sum is rounded. */
const isNear = (a: number, b: number): boolean => Math.abs(a - b) <= 1e-9 * Math.max(1, Math.abs(a), Math.abs(b))

/** Each pane but the newest is taken back once, as it was said. */
function retractionDifferences(own: readonly PaneRow[], said: readonly PaneRow[], newest: PaneRow): string[] {
  const textOfRow = ({ window, value, pane: { timing, index } }: PaneRow): string =>
    textOf([window, value, timing, index])
  const left = Map.groupBy(
    own.filter(({ pane }) => pane.isRetraction === true),
    textOfRow,
  )
  const told: string[] = []
  for (const row of said) {
    if (row !== newest && left.get(textOfRow(row))?.pop() === undefined)
      told.push(`pane ${shortText(row)} is not taken back`)
  }
  for (const row of [...left.values()].flat())
    told.push(`pane ${shortText(row)} is taken back, expected that it stands`)
  return told
}

const isWithin = ({ least, most }: Count, found: number): boolean => found >= least && found <= most
const countText = ({ least, most }: Count): string => (least === most ? `${least}` : `${least} to ${most}`)
