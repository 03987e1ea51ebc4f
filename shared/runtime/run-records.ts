import { NoAnswerError } from '#runtime/lookups'
import type { UserFunctionError } from '../model/errors.ts'
import type { SequenceNumber } from '../model/ids.ts'
import type { DeadLetter } from '../ports/results.ts'
import { type UnitCounter, UnitFailure } from './run.ts'
import type { ShardState } from './shard-state.ts'
import type { SourceTaker } from './source-reader.ts'

/** Takes the user records of a logged stage on a source: what they put out goes to the commit's outbox. A unit is a user record. */
export class RecordRun implements SourceTaker {
  readonly #state: ShardState
  readonly #units: UnitCounter
  #place: { readonly sequence: SequenceNumber; readonly unit: string } | undefined
  #bytesBefore = 0

  constructor(state: ShardState, units: UnitCounter) {
    this.#state = state
    this.#units = units
  }

  isFull(): boolean {
    return this.#units.isFull
  }

  begin(_major: number, sequence: SequenceNumber, sub: number): UserFunctionError | undefined {
    const place = { sequence, unit: `record ${sub}` }
    this.#place = place
    this.#state.outbox.beginRecord(sequence, sub)
    this.#bytesBefore = this.#state.outbox.bytes
    if (this.#units.done === 0) this.#units.first = place
    this.#units.done++
    return this.#units.isPoison(place) ? this.#units.poison?.error : undefined
  }

  run(value: unknown, time: number): void {
    this.#state.chain.source(value, time, undefined)
  }

  /**
   * An outbox takes nothing back: the run is forgotten and made again without the record. But where a lookup has no answer, which is so
   * for the whole invocation, and nothing was put out, there is nothing to take back.
   */
  takeBack(_major: number, _sub: number, error: UserFunctionError): void {
    if (error.cause instanceof NoAnswerError && this.#state.outbox.bytes === this.#bytesBefore) return
    this.#units.done--
    if (this.#place !== undefined) throw new UnitFailure(this.#place, error)
  }

  deadLetter(letter: DeadLetter): void {
    this.#state.outbox.deadLetter(letter)
  }

  advance(watermark: number): void {
    if (watermark <= this.#state.sourceWatermark) return
    this.#state.sourceWatermark = watermark
    this.#state.outbox.advance(watermark)
  }
}
