import type { SequenceNumber } from '../../shared/model/ids.ts'
import type { InvocationResult } from './function-runner.ts'

/** What an invocation says of the records that it was given. */
export type Verdict =
  | { readonly kind: 'succeeded' }
  /** Partial batch response: the record at `index` and all after it are to be handed over again. */
  | { readonly kind: 'failedFrom'; readonly index: number }
  | { readonly kind: 'failed'; readonly error: unknown }
  | { readonly kind: 'fatal'; readonly error: unknown }

/**
 * Reads an invocation's result as Lambda does. With `reportsFailures`, the lowest sequence number reported counts; null, `{}` and an
 * empty or null list are success; an identifier that is empty or of no record in the batch, or anything else, fails the whole batch.
 */
export function verdictOf(
  result: InvocationResult,
  sequences: readonly SequenceNumber[],
  reportsFailures: boolean,
): Verdict {
  if (result.kind === 'failed') return { kind: result.fatal ? 'fatal' : 'failed', error: result.error }
  if (!reportsFailures || result.response === null || result.response === undefined) return { kind: 'succeeded' }
  const { response } = result
  if (typeof response !== 'object' || Array.isArray(response)) return malformed('the response is not an object')
  const failures = 'batchItemFailures' in response ? response.batchItemFailures : null
  if (failures === null || failures === undefined) return { kind: 'succeeded' }
  if (!Array.isArray(failures)) return malformed('batchItemFailures is not a list')
  return lowestOf(failures, sequences)
}

function lowestOf(failures: readonly unknown[], sequences: readonly SequenceNumber[]): Verdict {
  if (failures.length === 0) return { kind: 'succeeded' }
  const places = new Map<unknown, number>(sequences.map((sequence, index) => [sequence, index]))
  let lowest = sequences.length
  for (const failure of failures) {
    const identifier = identifierOf(failure)
    const index = places.get(identifier)
    if (index === undefined)
      return malformed(`itemIdentifier ${JSON.stringify(identifier)} is of no record in the batch`)
    lowest = Math.min(lowest, index)
  }
  return { kind: 'failedFrom', index: lowest }
}

function identifierOf(failure: unknown): unknown {
  return typeof failure === 'object' && failure !== null && 'itemIdentifier' in failure
    ? failure.itemIdentifier
    : undefined
}

function malformed(what: string): Verdict {
  return { kind: 'failed', error: new Error(`Cannot read a partial batch response: ${what}`) }
}
