import { describeThrown, UserFunctionError } from '../model/errors.ts'
import type { SequenceNumber } from '../model/ids.ts'
import type { ErrorPolicy } from '../plan/graph.ts'
import type { BatchRecord } from './batch.ts'
import type { ShardState } from './shard-state.ts'

/**
 * A run takes units, one after the other, and may stop between any two: a unit is a message, a user record, or a timer. Stopping is
 * how commits are kept small, deadlines are met, and a unit that fails is found again: units come in the same order in every run
 * from the same version.
 */
export type RunLimits = {
  /** Stop before the unit of this number, counting from 0. */
  readonly mostUnits: number
  /** Rough bytes of state and outputs at which a commit is cut. */
  readonly mostBytes: number
  isOutOfTime(): boolean
}

export type RunOutcome =
  /** Everything in the batch was taken. */
  | { readonly kind: 'end' }
  /** Stopped between units; the rest is for the next commit. */
  | { readonly kind: 'cut' }
  /** Stopped near the deadline, before this record. */
  | { readonly kind: 'deadline'; readonly next: SequenceNumber }
  /** A unit's function threw. `unit` counts from the start of the run. */
  | { readonly kind: 'threw'; readonly unit: number; readonly place: UnitPlace; readonly error: UserFunctionError }
  /** A unit failed for good under policy `fail`. */
  | { readonly kind: 'failed'; readonly next: SequenceNumber; readonly error: Error }

/** Names a unit the same way in every run. */
export type UnitPlace = { readonly sequence: SequenceNumber; readonly unit: string }

export const isSameUnit = (a: UnitPlace | undefined, b: UnitPlace | undefined): boolean =>
  a !== undefined && b !== undefined && a.sequence === b.sequence && a.unit === b.unit

/** The unit that is known to fail, and why. */
export type Poison = { readonly place: UnitPlace; readonly error: UserFunctionError }

/** How many units run between two looks at the size of the commit. */
const unitsBetweenLooks = 64
/** Rough bytes of one changed entry in a delta. */
const roughEntryBytes = 40

/** Counts units, tells when to stop, and keeps what goes wrong in one place. */
export class UnitCounter {
  done = 0
  /** The first unit of the run. */
  first: UnitPlace | undefined
  readonly poison: Poison | undefined
  readonly policy: ErrorPolicy
  readonly #limits: RunLimits
  readonly #state: ShardState
  #nextLook = unitsBetweenLooks

  constructor(state: ShardState, limits: RunLimits, policy: ErrorPolicy, poison: Poison | undefined) {
    this.#state = state
    this.#limits = limits
    this.policy = policy
    this.poison = poison
  }

  /** Whether the commit is to be cut before the next unit. A commit holds at least one. */
  get isFull(): boolean {
    if (this.done === 0) return false
    if (this.done >= this.#limits.mostUnits) return true
    if (this.done < this.#nextLook) return false
    this.#nextLook = this.done + unitsBetweenLooks
    return this.#bytes() >= this.#limits.mostBytes
  }

  isPoison(place: UnitPlace): boolean {
    return isSameUnit(this.poison?.place, place)
  }

  #bytes(): number {
    let entries = 0
    for (const store of this.#state.stores) entries += store.dirtyCount
    return entries * roughEntryBytes + this.#state.outbox.bytes
  }
}

/** Thrown through the run to its top, with the unit that threw. */
export class UnitFailure extends Error {
  readonly place: UnitPlace
  override readonly cause: UserFunctionError
  constructor(place: UnitPlace, cause: UserFunctionError) {
    super(cause.message)
    this.place = place
    this.cause = cause
  }
}

/** Runs one unit; what its functions throw names the unit. */
export function attempt(place: () => UnitPlace, run: () => void): void {
  try {
    run()
  } catch (thrown) {
    if (thrown instanceof UserFunctionError) throw new UnitFailure(place(), thrown)
    throw thrown
  }
}

/** The failure of a record under policy `fail`, for the log. */
export const failureAt = (stage: string, record: BatchRecord, error: UserFunctionError): Error =>
  new Error(`Cannot go on with stage "${stage}" at record ${record.sequence}: ${describeThrown(error)}`, {
    cause: error,
  })
