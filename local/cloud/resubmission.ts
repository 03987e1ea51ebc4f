import { feedNameOf, feedRecord } from '../../shared/emit/feed-key.ts'
import type { DeadLetter, DeadLetterKind } from '../../shared/ports/results.ts'
import type { PutRecord } from '../../shared/ports/streams.ts'

/** The record that a letter was: its payload under its partition key, and so in the shard that holds the others of that key. */
export function recordOf({ payload, partitionKey, explicitHashKey }: DeadLetter): PutRecord {
  const name = feedNameOf(partitionKey)
  // The id that a feed gave it is claimed by where it stood.
  if (name !== undefined) {
    const again = feedRecord({ ...name, id: `${name.id}~` }, payload)
    return { data: payload, partitionKey: again.partitionKey, explicitHashKey: again.hashKey }
  }
  return {
    data: payload,
    partitionKey,
    ...(explicitHashKey !== undefined && { explicitHashKey: BigInt(explicitHashKey) }),
  }
}

/** Why a letter cannot be put back on its stream; undefined when it can. */
export function whyNotResubmitted({ kind, payload, payloadBytes }: DeadLetter): string | undefined {
  const reason = reasons[kind]
  if (reason !== undefined) return reason
  if (payload.length === payloadBytes) return undefined
  return `only ${payload.length} of its ${payloadBytes} bytes are kept, put the whole record with millrace produce`
}

const reasons: Readonly<Record<DeadLetterKind, string | undefined>> = {
  record: undefined,
  written: 'a pipeline wrote it, and its readers drop what comes at a position that they have seen',
  message: 'it is a message between two stages, resubmit the record that it came from',
  timer: 'it is a window that was due, and no record',
  change: 'it is a change of a table too large for a record, and only its beginning is kept',
  line: 'it is of a file and was no record, mend it and put it with millrace produce or in a new file',
}
