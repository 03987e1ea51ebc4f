import type { Duration } from '../model/duration.ts'
import { ConfigurationError } from '../model/errors.ts'
import type {
  Accumulation,
  Pane,
  PaneEmission,
  PaneTime,
  PaneTrigger,
  RetractingPane,
} from '../operators/panes/pane-emission.ts'
import type { Emit } from './emit.ts'
import type { WindowedRow } from './rows.ts'

/**
 * When a pane of a window is due, by what came since the window's last pane. With several parts it is due with the first of them, or
 * under `when: 'all'` once all are. While nothing came, no pane is.
 */
export type Trigger = {
  /** So many records came: by the order of the key's records alone, however they are cut into batches. */
  readonly records?: number
  /** The watermark passed a multiple of this much event time, counted from 1970-01-01T00:00:00Z. */
  readonly eventTime?: Duration
  /** So much arrival time has passed since the first of them: seen at the next record, or at the tick of each minute. */
  readonly arrivalTime?: Duration
  /** Default: `any`. */
  readonly when?: 'any' | 'all'
  /** Most panes of this trigger in a window. Default: no limit. */
  readonly atMost?: number
}

/** When panes come and what they say: see `panes`. */
export type PaneOptions<A extends Accumulation> = {
  /** Before the watermark passes the window's end. Default: none. */
  readonly early?: Trigger
  /** When the watermark passes the window's end: `always`, or only if something came since the last pane. Default: `always`. */
  readonly onTime?: 'always' | 'changed'
  /** After that, within the allowed lateness. Default: each record. What is still untold when the window closes goes out then. */
  readonly late?: Trigger
  /**
   * What a pane says: all of the window so far (`accumulating`), what came since the last pane (`discarding`), or all of it after
   * a row that takes back what the last pane said (`retracting`). Default: `accumulating`.
   */
  readonly accumulation?: A
  /** Whether a session that grew or merged goes on counting its panes, or starts at 0. Default: `continue`. */
  readonly grown?: 'continue' | 'restart'
  /**
   * Event time of a row: its window's `end`; or the `earliest` or `latest` time of the records since the last pane, or the earliest
   * that a function gives of them (Beam: timestamp combiner). Anything but the end holds back the watermark of what is behind, so that
   * a row is not late there; records that came behind the watermark do not count. Default: `end`.
   */
  readonly time?: PaneTime
}

/** For `emit`: see `panes`. */
export type Panes<A extends Accumulation = Accumulation> = {
  readonly panes: PaneEmission & { readonly accumulation: A }
}

/** When a windowed aggregate's results go out. */
export type WindowEmit = Emit | Panes

/** A row of a windowed aggregate with panes. */
export type PaneRow<K, V, A extends Accumulation = Accumulation> = WindowedRow<K, V> & { readonly pane: PaneOf<A> }

type PaneOf<A extends Accumulation> = A extends 'retracting' ? RetractingPane : Pane

/** A row of a windowed aggregate that emits as `E` says. */
export type WindowedRowOf<K, V, E extends WindowEmit> = E extends Panes<infer A> ? PaneRow<K, V, A> : WindowedRow<K, V>

/**
 * For `emit` of a windowed aggregate: rows go out as panes, early, on time and late, and say which pane they are (Dataflow
 * model: triggers). Each pane is a row of its own to streams, files and what takes its rows; of a view's row the newest pane stands.
 *
 * Which record is in which pane depends on the order of its key's records, watermarks and arrival times: a crash, a repeat or a
 * reshard changes none. Throws a ConfigurationError for a trigger that would never fire.
 *
 * @example
 * const tradesPerMinute = pipeline('trades-per-minute', ({ source }) => {
 *   const trades = source('trades', { codec: json<{ side: string }>() }).keyBy('side')
 *   const counts = trades.window(tumbling(minutes(1))).allowedLateness(minutes(5)).count('trades', {
 *     emit: panes({ early: { arrivalTime: seconds(10) }, late: { records: 1 }, accumulation: 'accumulating' }),
 *   })
 *   return { counts }
 * })
 */
export function panes<const A extends Accumulation = 'accumulating'>(options: PaneOptions<A> = {}): Panes<A> {
  const { early, onTime = 'always', late = { records: 1 }, accumulation, grown = 'continue', time = 'end' } = options
  const emission = {
    kind: 'panes' as const,
    early: early && triggerOf('early', early),
    onTime,
    late: triggerOf('late', late),
    accumulation: (accumulation ?? 'accumulating') as A,
    grown,
    time,
  }
  return Object.freeze({ panes: Object.freeze(emission) })
}

function triggerOf(which: string, { records, eventTime, arrivalTime, when = 'any', atMost }: Trigger): PaneTrigger {
  const cannot = (what: string): never => {
    throw new ConfigurationError(`Cannot emit ${which} panes: ${what}`)
  }
  if (records === undefined && eventTime === undefined && arrivalTime === undefined) {
    cannot('the trigger says nothing, expected "records", "eventTime" or "arrivalTime"')
  }
  for (const [name, count] of Object.entries({ records, atMost })) {
    if (count !== undefined && (!Number.isSafeInteger(count) || count < 1)) {
      cannot(`"${name}" is ${count}, expected a whole number of 1 or more`)
    }
  }
  for (const [name, duration] of Object.entries({ eventTime, arrivalTime })) {
    if (duration !== undefined && duration <= 0) cannot(`"${name}" is ${duration} ms, expected more than 0`)
  }
  return Object.freeze({
    when,
    ...(records !== undefined && { records }),
    ...(eventTime !== undefined && { eventTimeMs: eventTime }),
    ...(arrivalTime !== undefined && { arrivalTimeMs: arrivalTime }),
    ...(atMost !== undefined && { atMost }),
  })
}
