import { readKpl } from '../codecs/kpl.ts'
import { describeThrown, RetryBatchError } from '../model/errors.ts'
import { type Learner, writtenWith } from '../plan/graph.ts'
import type { Ports } from '../ports/index.ts'
import type { Batch } from './batch.ts'
import type { Environment } from './environment.ts'

/** Longest that a codec may take to learn what a batch needs. */
const timeoutMs = 10_000

/**
 * Lets the codecs of the stage learn what the batch needs, before anything is run: a run is synchronous. Nothing is asked when a warm
 * environment knows it all. Throws a RetryBatchError when it cannot be learned now.
 */
export async function prepareCodecs({ stage, ports }: Environment, batch: Batch): Promise<void> {
  if (stage.input.kind === 'source') {
    const { codec } = stage.input.source
    if (codec.prepare !== undefined) await prepare(codec, userRecords(batch), ports, stage.name)
  }
  for (const sink of stage.sinks) {
    const codec = writtenWith(sink)
    if (codec?.prepare !== undefined) await prepare(codec, [], ports, sink.name)
  }
}

async function prepare(
  codec: Learner,
  records: readonly Uint8Array[],
  { lookups }: Pick<Ports, 'lookups'>,
  name: string,
): Promise<void> {
  const waiting = new AbortController()
  const learned = codec.prepare?.(records, waiting.signal)
  if (learned === undefined) return
  // Whoever waits is told; a process that dies meanwhile waits no more.
  learned.catch(() => {})
  const run = (signal: AbortSignal): Promise<void> => {
    signal.addEventListener('abort', () => waiting.abort(signal.reason), { once: true })
    return learned
  }
  try {
    await lookups.fetch({ lookup: `${name} codec`, keys: [], timeoutMs, run })
  } catch (thrown) {
    const reason = `its codec ${codec.name} cannot learn what it needs: ${describeThrown(thrown)}`
    throw new RetryBatchError(`Cannot run "${name}": ${reason}`, { cause: thrown })
  }
}

/** The bytes that the codec will read. */
function userRecords({ records }: Batch): Uint8Array[] {
  return records.flatMap(({ data, control }) => {
    if (control !== undefined) return []
    const aggregated = readKpl(data)
    if (aggregated === undefined) return [data]
    return Array.from({ length: aggregated.count }, (_, i) => data.subarray(aggregated.start(i), aggregated.end(i)))
  })
}
