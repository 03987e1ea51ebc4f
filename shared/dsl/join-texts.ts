import type { OperatorText } from '../operators/definition.ts'
import type { CoGroupSpec } from '../operators/joins/cogroup.ts'
import type { IntervalJoinSpec } from '../operators/joins/interval-join.ts'
import { isForEver, type JoinType, type LateOutputs, lateOutputNames } from '../operators/joins/join-types.ts'
import type { WindowJoinSpec } from '../operators/joins/window-join.ts'
import { durationText, windowsText } from '../plan/describe-windows.ts'

export function intervalJoinText(spec: IntervalJoinSpec): OperatorText {
  const { type, latenessMs } = spec
  const pairs = type === 'semi' ? 'left values when no earlier pair can come' : 'pairs as they meet'
  const alone = isForEver(spec) ? 'at the end of the input' : 'when the watermark has passed their bound'
  const past = `until the watermark has passed its bound${latenessMs === 0 ? '' : ' and the lateness'}`
  return {
    function: functionText(spec),
    windows: boundsText(spec),
    emits: emitsText(type, pairs, alone),
    lateness: latenessText(spec),
    keeps: `each record of both sides, ${isForEver(spec) ? 'for ever' : past}`,
  }
}

function boundsText(spec: IntervalJoinSpec): string {
  if (isForEver(spec)) return 'without bounds'
  const { beforeMs, afterMs, until } = spec
  const before = `right from ${durationText(beforeMs)} before left`
  return until === undefined ? `${before} to ${durationText(afterMs)} after it` : `${before} to the time that left says`
}

export function windowJoinText(spec: WindowJoinSpec): OperatorText {
  const { type, windows, latenessMs } = spec
  const pairs = `${type === 'semi' ? 'left values' : 'pairs'} at the window's end${latenessMs === 0 ? '' : ' and as late records come'}`
  return {
    function: functionText(spec),
    windows: windowsText(windows),
    emits: emitsText(type, pairs, 'when it closes'),
    lateness: latenessText(spec),
    keeps: keptInWindows,
  }
}

export function coGroupText(spec: CoGroupSpec): OperatorText {
  return {
    function: 'coGroup',
    windows: windowsText(spec.windows),
    emits: 'once per key and window, when it closes',
    lateness: latenessText(spec),
    keeps: keptInWindows,
  }
}

const keptInWindows = 'each record of both sides, until its last window has closed'

const functionText = ({ type, where }: { readonly type: JoinType; readonly where: unknown }): string =>
  `${type} join${where === undefined ? '' : ' with a condition'}`

function emitsText(type: JoinType, pairs: string, whenAlone: string): string {
  const alone = `records without a pair ${whenAlone}`
  if (type === 'anti') return alone
  return type === 'inner' || type === 'semi' ? pairs : `${pairs}, ${alone}`
}

function latenessText({ latenessMs, lateTo }: { readonly latenessMs: number; readonly lateTo: LateOutputs }): string {
  const names = lateOutputNames(lateTo).map(name => `"${name}"`)
  const sides = names.length === 0 ? '' : `, then to side ${names.join(' and ')}`
  return `${latenessMs === 0 ? 'none' : durationText(latenessMs)}${sides}`
}
