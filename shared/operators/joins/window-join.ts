import { lastEventTime } from '../../model/event-time.ts'
import type { Loose } from '../../model/loose.ts'
import { closedAt, describeWindows, type FixedWindows, rowTime, type Window } from '../../windows/window.ts'
import type { OperatorOutputs } from '../definition.ts'
import type { OperatorContext, Push } from '../operator.ts'
import { wrappedTimer } from '../user-function.ts'
import {
  isKeptAlone,
  type JoinDefinition,
  type JoinType,
  type LateOutputs,
  lateOutputNames,
  leftInput,
  type PairCondition,
  rightInput,
  type Side,
} from './join-types.ts'
import { type Meeting, WindowedSides, type WindowFunction } from './windowed-sides.ts'

/** A left record and a right one are a pair in each window that holds both, when their keys are equal and `where` holds for them. */
export type WindowJoinSpec = {
  readonly kind: 'windowJoin'
  readonly type: JoinType
  readonly windows: FixedWindows
  readonly where: PairCondition
  /**
   * Of a pair, or of a record alone with undefined in place of the other. Not called for semi and anti joins: they give
   * `{ key, window, value }` of left values.
   */
  readonly combine: Loose<[left: unknown, right: unknown, window: Window], unknown>
  readonly latenessMs: number
  readonly lateTo: LateOutputs
}

export function windowJoin(spec: WindowJoinSpec): JoinDefinition {
  const { type, windows, latenessMs, lateTo } = spec
  return {
    spec,
    meaning: `${type} join in windows ${describeWindows(windows)}, lateness ${latenessMs} ms`,
    inputs: ['left', 'right'],
    watermarks: { kind: 'windows', windows, latenessMs },
    rows: 'none',
    sides: lateOutputNames(lateTo),
    create: (name, context, outputs) =>
      new WindowedSides(name, spec, context, outputs, new WindowJoin(name, spec, context, outputs)),
  }
}

/**
 * Pairs at the window's end, and those that a late record makes when it comes; records without a pair when the window closes, as
 * until then one may come. Without allowed lateness that is the window's end too.
 */
class WindowJoin implements WindowFunction {
  readonly #spec: WindowJoinSpec
  readonly #push: Push
  readonly #combine: (left: unknown, right: unknown, window: Window) => unknown
  readonly #where: (left: unknown, right: unknown) => boolean | undefined

  constructor(name: string, spec: WindowJoinSpec, context: OperatorContext, outputs: OperatorOutputs) {
    this.#spec = spec
    this.#push = outputs.push
    this.#combine = wrappedTimer(name, spec.combine, context)
    this.#where = spec.where === undefined ? () => true : wrappedTimer(name, spec.where, context)
  }

  onTime(meeting: Meeting): void {
    const isLast = this.#spec.latenessMs === 0
    if (this.#spec.type !== 'anti' || isLast) this.#meet(meeting, true, isLast)
  }

  late({ key, window, lefts, rights }: Meeting, side: Side, value: unknown): void {
    const { type } = this.#spec
    if (type === 'anti') return
    const meeting =
      side === leftInput ? { key, window, lefts: [value], rights } : { key, window, lefts, rights: [value] }
    if (type !== 'semi' || side === leftInput) return this.#meet(meeting, true, false)
    const isNew = (left: unknown): boolean => !rights.some(right => this.#where(left, right))
    this.#meet({ ...meeting, lefts: lefts.filter(isNew) }, true, false)
  }

  closed(meeting: Meeting): void {
    const { type, latenessMs } = this.#spec
    if (latenessMs > 0 && (isKeptAlone(type, leftInput) || isKeptAlone(type, rightInput)))
      this.#meet(meeting, false, true)
  }

  #meet(meeting: Meeting, givesPairs: boolean, givesAlone: boolean): void {
    const { type } = this.#spec
    const { window, lefts, rights } = meeting
    const isRightAlone = givesAlone && isKeptAlone(type, rightInput)
    const isFiltering = type === 'semi' || type === 'anti'
    const metRights = new Set<number>()
    for (const left of lefts) {
      let isMet = false
      for (let i = 0; i < rights.length; i++) {
        const right = rights[i]
        if (!this.#where(left, right)) continue
        isMet = true
        if (isFiltering) break
        if (givesPairs) this.#give(this.#combine(left, right, window), window)
        else if (!isRightAlone) break
        if (isRightAlone) metRights.add(i)
      }
      if (type === 'semi' && isMet) this.#give(rowOf(meeting, left), window)
      if (givesAlone && !isMet && isKeptAlone(type, leftInput)) {
        this.#giveAlone(isFiltering ? rowOf(meeting, left) : this.#combine(left, undefined, window), window)
      }
    }
    if (!isRightAlone) return
    for (const [i, right] of rights.entries()) {
      if (!metRights.has(i)) this.#giveAlone(this.#combine(undefined, right, window), window)
    }
  }

  #give(row: unknown, { end }: Window): void {
    this.#push(row, rowTime(this.#spec.windows.kind, end), undefined)
  }

  /** Not behind the watermark at which the window closes. */
  #giveAlone(row: unknown, { end }: Window): void {
    const { windows, latenessMs } = this.#spec
    this.#push(row, Math.min(closedAt(windows.kind, end, latenessMs), lastEventTime), undefined)
  }
}

const rowOf = ({ key, window }: Meeting, value: unknown) => ({ key, window, value })
