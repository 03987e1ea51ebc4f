import type { FileWriter } from '../codecs/files/file-format.ts'
import { UserFunctionError } from '../model/errors.ts'
import { limits } from '../model/limits.ts'
import type { Sink } from '../plan/graph.ts'
import { rowRefusalOf } from '../ports/refusals.ts'

type SinkOf<Kind extends Sink['kind']> = Extract<Sink, { kind: Kind }>

/** A sink's codec is the user's too: what it throws names the sink, and so does a record that Kinesis would never take. */
export function encodeFor(sink: SinkOf<'stream'>, value: unknown): Uint8Array {
  const data = asUsers(sink.name, () => sink.codec.encode(value))
  if (data.length > longestRecordBytes) {
    throw tooLarge(sink.name, `its record has ${data.length} bytes, at most ${longestRecordBytes} would be right`)
  }
  return data
}

/** A row that no item can hold is an error of what made it: once committed, nobody could ever publish it. */
export function checkRow(view: string, key: string, value: unknown): void {
  const reason = rowRefusalOf({ key, value })
  if (reason !== undefined) throw tooLarge(view, reason)
}

/** Adds a value to a file, about how many bytes it adds. Its format is the user's too. */
export const addTo = (writer: FileWriter<unknown>, sink: string, value: unknown): number =>
  asUsers(sink, () => writer.add(value))

/** A value that its sink can never write is an error of what made it: once committed, it would be tried for ever. */
export const checkFor = ({ name, to }: SinkOf<'forEach'>, value: unknown): void =>
  asUsers(name, () => to?.check?.(value))

function asUsers<T>(name: string, run: () => T): T {
  try {
    return run()
  } catch (thrown) {
    throw new UserFunctionError(name, thrown)
  }
}

const tooLarge = (sink: string, reason: string): UserFunctionError =>
  new UserFunctionError(sink, new RangeError(reason))

/** What Kinesis takes, less the partition key. */
const longestRecordBytes = limits.kinesisRecordBytes - limits.partitionKeyCharacters
