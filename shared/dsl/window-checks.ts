import { ConfigurationError } from '../model/errors.ts'
import type { Emission } from '../operators/operator.ts'
import { isFixed, type WindowAssigner } from '../windows/window.ts'

/** Refuses what windows of a kind cannot do. */
export function checkWindowing(
  windows: WindowAssigner,
  emission: Emission,
  late: { readonly latenessMs: number; readonly lateTo?: string },
): void {
  const cannot = (what: string): never => {
    throw new ConfigurationError(`Cannot ${what}`)
  }
  const { kind } = emission
  if (windows.kind === 'cumulating' && windows.leavesOutUnchanged && kind === 'panes') {
    cannot('skip unchanged cumulating windows by panes: a pane on time says by "changed" that nothing came')
  }
  if (isFixed(windows)) return
  switch (windows.kind) {
    case 'session':
      if (kind === 'every' || kind === 'complete') {
        cannot(`emit session windows by "${kind}": sessions grow together, expected "final", "updates" or panes(...)`)
      }
      return
    case 'sliding':
      if (kind !== 'final' && kind !== 'updates') {
        cannot(`emit sliding windows by "${kind}": each record makes windows of its own, expected "final" or "updates"`)
      }
      return
    case 'count':
      if (kind !== 'final') {
        cannot(`emit count windows by "${kind}": a row goes out when its window is full, expected "final"`)
      }
      if (late.latenessMs > 0 || late.lateTo !== undefined) {
        cannot('say what is late for count windows: they take each record, whatever its time')
      }
  }
}
