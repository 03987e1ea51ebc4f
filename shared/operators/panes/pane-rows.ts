import { keyOf } from '../../model/key.ts'
import type { MapCell } from '../../state/map-store.ts'
import { rowTime, type Window, type WindowKind } from '../../windows/window.ts'
import type { Aggregator } from '../aggregator.ts'
import type { OperatorContext, Origin, Push } from '../operator.ts'
import type { Accumulation, Pane } from './pane-emission.ts'
import { isSameWindow, type PaneWindow, type Said } from './pane-window.ts'

/** The rows of a pane: what it takes back, then what it says. */
export class PaneRows {
  readonly #kind: WindowKind
  readonly #accumulation: Accumulation
  readonly #context: Pick<OperatorContext, 'isDiscarding'>
  readonly #push: Push

  constructor(
    kind: WindowKind,
    accumulation: Accumulation,
    context: Pick<OperatorContext, 'isDiscarding'>,
    push: Push,
  ) {
    this.#kind = kind
    this.#accumulation = accumulation
    this.#context = context
    this.#push = push
  }

  /** First what does not stand any more: its end may be behind the watermark, so it goes at the time of what takes its place. */
  send({ value: held, owner }: MapCell<PaneWindow<unknown>>, pane: Pane, value: unknown): void {
    const { start, end, said } = held
    const window = { start, end }
    const isRetracting = this.#accumulation === 'retracting'
    const key = keyOf(owner.id)
    const time = held.time ?? rowTime(this.#kind, end)
    const originOf = (of: Window): Origin => ({ key, id: owner.id, group: owner.group, window: of })
    for (const before of said) {
      if (isRetracting) {
        const row = { key, window: before.window, value: before.value, pane: { ...before.pane, isRetraction: true } }
        this.#push(row, time, originOf(before.window))
      }
      if (!isSameWindow(before.window, window)) this.#push(undefined, time, originOf(before.window))
    }
    const row = { key, window, value, pane: isRetracting ? { ...pane, isRetraction: false } : pane }
    this.#push(row, time, originOf(window))
    // A pane that is let go never reached a reader: what the one before said still stands.
    if (this.#context.isDiscarding) return
    const now: Said = { window, pane, ...(isRetracting && { value }) }
    if (isRetracting || isGrowing(this.#kind)) held.said = [now]
  }
}

const isGrowing = (kind: WindowKind): boolean => kind === 'session' || kind === 'partingSession'

/** What can be said of no records: undefined where nothing can, as of the smallest of none. */
export function emptyResult<A>(aggregator: Aggregator<never, A, unknown>): { readonly value: unknown } | undefined {
  try {
    const value = aggregator.result(aggregator.create())
    return value === undefined || Number.isNaN(value) ? undefined : { value }
  } catch {
    return undefined
  }
}

/** A result may be the accumulator itself, which goes on changing. */
export const detached = (value: unknown): unknown =>
  typeof value === 'object' && value !== null ? structuredClone(value) : value
