import { UserFunctionError } from '../model/errors.ts'
import type { Sink } from '../plan/graph.ts'

/** A sink's codec is the user's too: what it throws names the sink. */
export function encodeFor(sink: Extract<Sink, { kind: 'stream' | 'files' }>, value: unknown): Uint8Array {
  try {
    return sink.codec.encode(value)
  } catch (thrown) {
    throw new UserFunctionError(sink.name, thrown)
  }
}
