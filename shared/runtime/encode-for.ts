import { UserFunctionError } from '../model/errors.ts'
import { limits } from '../model/limits.ts'
import type { Sink } from '../plan/graph.ts'
import { rowRefusalOf } from '../ports/refusals.ts'

type EncodedSink = Extract<Sink, { kind: 'stream' | 'files' }>

/** A sink's codec is the user's too: what it throws names the sink, and so does a record that Kinesis would never take. */
export function encodeFor(sink: EncodedSink, value: unknown): Uint8Array {
  const data = encoded(sink, value)
  if (sink.kind === 'stream' && data.length > longestRecordBytes) {
    throw tooLarge(sink.name, `its record has ${data.length} bytes, at most ${longestRecordBytes} would be right`)
  }
  return data
}

/** A row that no item can hold is an error of what made it: once committed, nobody could ever publish it. */
export function checkRow(view: string, key: string, value: unknown): void {
  const reason = rowRefusalOf({ key, value })
  if (reason !== undefined) throw tooLarge(view, reason)
}

function encoded({ codec, name }: EncodedSink, value: unknown): Uint8Array {
  try {
    return codec.encode(value)
  } catch (thrown) {
    throw new UserFunctionError(name, thrown)
  }
}

const tooLarge = (sink: string, reason: string): UserFunctionError =>
  new UserFunctionError(sink, new RangeError(reason))

/** What Kinesis takes, less the partition key. */
const longestRecordBytes = limits.kinesisRecordBytes - limits.partitionKeyCharacters
