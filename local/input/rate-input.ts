import { asBuffer } from '../../shared/codecs/bytes.ts'
import type { RateRow } from '../../shared/dsl/local-sources.ts'
import type { Rate, SourceNode } from '../../shared/plan/source.ts'
import type { FileTarget } from './file-target.ts'
import { Pace, type PaceClock } from './pace.ts'
import { packed } from './packed.ts'

/** Puts rows that count in a source's stream, as time passes, and counts on where it ended. */
export class RateInput {
  readonly source: string
  readonly counts = { lines: 0, tooLong: 0 }
  readonly bytesDone = 0
  readonly #target: FileTarget
  readonly #node: SourceNode
  readonly #rate: Rate
  readonly #clock: PaceClock
  readonly #dateMs: () => number

  constructor(target: FileTarget, source: SourceNode, rate: Rate, clock: PaceClock, dateMs: () => number) {
    this.source = source.name
    this.#target = target
    this.#node = source
    this.#rate = rate
    this.#clock = clock
    this.#dateMs = dateMs
  }

  async prepare(): Promise<number> {
    return 0
  }

  async load(room: () => Promise<void>, signal: AbortSignal): Promise<void> {
    const pace = new Pace(this.#rate.perSecond, this.#clock)
    const note = await this.#target.noted(this.source)
    for (let value = Number(note ?? 0); ; value += pace.portion) {
      await pace.turn(pace.portion, signal)
      await room()
      if (signal.aborted) return
      const timestamp = this.#dateMs()
      const records = Array.from({ length: pace.portion }, (_, i) => {
        const row: RateRow = { timestamp, value: value + i }
        return { place: value + i + 1, data: asBuffer(this.#node.codec.encode(row)) }
      })
      await this.#target.keep(this.source, {
        records: packed('rate', records),
        letters: [],
        isEnd: false,
        note: String(value + pace.portion),
      })
    }
  }
}
