import { lastEventTime } from '../../model/event-time.ts'
import type { Key } from '../../model/key.ts'
import type { Loose } from '../../model/loose.ts'
import { closedAt, describeWindows, type FixedWindows, type Window } from '../../windows/window.ts'
import type { OperatorOutputs } from '../definition.ts'
import type { OperatorContext, Push } from '../operator.ts'
import { wrappedTimer } from '../user-function.ts'
import { type JoinDefinition, type LateOutputs, lateOutputNames } from './join-types.ts'
import { type Meeting, WindowedSides, type WindowFunction } from './windowed-sides.ts'

/** All records of both sides that share a key and a window, given to a function together, those of a side by event time. */
export type CoGroupSpec = {
  readonly kind: 'coGroup'
  readonly windows: FixedWindows
  readonly function: Loose<
    [key: Key, window: Window, lefts: readonly unknown[], rights: readonly unknown[]],
    Iterable<unknown>
  >
  readonly latenessMs: number
  readonly lateTo: LateOutputs
}

export function coGroup(spec: CoGroupSpec): JoinDefinition {
  const { windows, latenessMs, lateTo } = spec
  return {
    spec,
    meaning: `coGroup in windows ${describeWindows(windows)}, lateness ${latenessMs} ms`,
    inputs: ['left', 'right'],
    watermarks: { kind: 'windows', windows, latenessMs },
    rows: 'none',
    sides: lateOutputNames(lateTo),
    create: (name, context, outputs) =>
      new WindowedSides(name, spec, context, outputs, new CoGroup(name, spec, context, outputs)),
  }
}

/** When the window closes, so that late records within the allowed lateness are among the others. */
class CoGroup implements WindowFunction {
  readonly #spec: CoGroupSpec
  readonly #push: Push
  readonly #call: (meeting: Meeting) => readonly unknown[] | undefined

  constructor(name: string, spec: CoGroupSpec, context: OperatorContext, outputs: OperatorOutputs) {
    this.#spec = spec
    this.#push = outputs.push
    // What the function gives may be computed only as it is read, so reading it is part of the call.
    this.#call = wrappedTimer(
      name,
      ({ key, window, lefts, rights }: Meeting) => [...spec.function(key, window, lefts, rights)],
      context,
    )
  }

  onTime(): void {}

  late(): void {}

  closed(meeting: Meeting): void {
    const { windows, latenessMs } = this.#spec
    const time = Math.min(closedAt(windows.kind, meeting.window.end, latenessMs), lastEventTime)
    for (const value of this.#call(meeting) ?? []) this.#push(value, time, undefined)
  }
}
