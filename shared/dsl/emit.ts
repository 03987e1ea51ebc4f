import type { Duration } from '../model/duration.ts'
import { ConfigurationError } from '../model/errors.ts'
import type { Emission } from '../operators/operator.ts'
import type { WindowEmit } from './panes.ts'

/** Rows that changed, at most once in `interval` of arrival time, and at the end of a window. */
export type Every = { readonly everyMs: number }

/**
 * For `emit`: rows that changed come at most once in `interval` of arrival time, and at the end of a window. Throws a
 * ConfigurationError for no time at all.
 */
export function every(interval: Duration): Every {
  if (interval <= 0) throw new ConfigurationError(`Cannot emit every ${interval} ms: expected more than 0`)
  return { everyMs: interval }
}

/** When an operator's results go out: see `Emission`. */
export type Emit = 'final' | 'updates' | 'complete' | Every

export const emissionOf = (emit: Emit): Emission =>
  typeof emit === 'string' ? { kind: emit } : { kind: 'every', intervalMs: emit.everyMs }

export const windowedEmissionOf = (emit: WindowEmit): Emission =>
  typeof emit === 'object' && 'panes' in emit ? emit.panes : emissionOf(emit)
