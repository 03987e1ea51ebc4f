import { packValue, unpackValue } from '../codecs/values.ts'
import type { Sink } from './sink.ts'

/** Values that a test looks at. */
export type MemorySink<T> = Sink<T> & {
  /** Each value once, in the order in which their batches first came. */
  values(): readonly T[]
  /** How often `write` was called, repeats included. */
  calls(): number
}

/**
 * Keeps values in the memory of the process, each once: a batch that comes again is known by its id. For tests and small tools; stages that run in
 * threads or processes of their own have each a memory of their own. Rejects when an id comes again with other values, which the runtime never does.
 *
 * ```ts
 * const seen = memorySink<Order>()
 * const shop = pipeline('shop', ({ source }) => ({ orders: source('orders', { codec: json<Order>() }).to(seen) }))
 * ```
 */
export function memorySink<T>(): MemorySink<T> {
  const batches = new Map<string, Buffer>()
  let calls = 0
  return {
    kind: 'memory',
    guarantee: 'once: a batch that comes again is known by its id',
    write: async (values, id) => {
      calls++
      const packed = packValue(values)
      const known = batches.get(id)
      if (known === undefined) batches.set(id, packed)
      else if (!known.equals(packed)) {
        throw new Error(`Cannot keep batch ${id}: it had other values before, an id names one batch for good`)
      }
    },
    values: () => [...batches.values()].flatMap(packed => unpackValue(packed) as readonly T[]),
    calls: () => calls,
  }
}
