import { isDeepStrictEqual } from 'node:util'

/** One call of a `forEach` sink: the same id comes with the same values, however often. */
export type SinkBatch<T> = { readonly id: string; readonly values: readonly T[] }

/** The calls of `forEach` sinks. An id that names two different batches is the one thing that must not be. */
export class CallLog {
  readonly #calls = new Map<string, SinkBatch<unknown>[]>()

  add(sink: string, id: string, values: readonly unknown[]): void {
    const calls = this.of(sink)
    const same = calls.find(call => call.id === id)
    if (same !== undefined && !isDeepStrictEqual(same.values, values)) {
      throw new Error(`Cannot call sink "${sink}": batch ${id} was another one before, an id names one batch for good`)
    }
    calls.push({ id, values: structuredClone(values) })
  }

  /** All calls in order, repeated ones included. */
  of(sink: string): SinkBatch<unknown>[] {
    const known = this.#calls.get(sink) ?? []
    this.#calls.set(sink, known)
    return known
  }

  /** Each batch once. */
  batches(sink: string): readonly SinkBatch<unknown>[] {
    return [...new Map(this.of(sink).map(call => [call.id, call])).values()]
  }
}
