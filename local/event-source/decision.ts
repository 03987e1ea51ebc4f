import type { CompleteSettings } from './settings.ts'
import type { Verdict } from './verdict.ts'

/** A run of records that is handed over as one invocation: a batch, what is left of it, or one of its halves. */
export type Part = {
  /** Indices into the batch: `[from, to)`. */
  readonly from: number
  readonly to: number
  /** Invocations so far. */
  readonly invocations: number
  /** Those of them that count toward the maximum of retries. */
  readonly retries: number
  /** Those of them since a record was last acknowledged: how far to back off. */
  readonly stalled: number
  /** Not before this time. */
  readonly notBeforeMs: number
}

/** What becomes of a part. Its first `acknowledged` records are done; `next` are the parts that replace it, in order. */
export type Decision =
  | { readonly kind: 'advance'; readonly acknowledged: number; readonly next: readonly [] }
  | { readonly kind: 'retry'; readonly acknowledged: number; readonly next: readonly [Part] }
  | { readonly kind: 'bisect'; readonly acknowledged: 0; readonly next: readonly [Part, Part] }
  | {
      readonly kind: 'discard'
      readonly acknowledged: number
      readonly next: readonly Part[]
      readonly discarded: Part
      readonly condition: DiscardCondition
    }
  | { readonly kind: 'stop'; readonly error: unknown }

export type DiscardCondition = 'RetryAttemptsExhausted' | 'RecordAgeExceeded'

export type RetryRules = Pick<CompleteSettings, 'bisectBatchOnFunctionError' | 'maximumRetryAttempts'>

/**
 * Lambda's rules for a batch of a stream:
 *
 * - A partial response acknowledges what is before the lowest failed record and hands over the rest again. It counts as a retry, and
 *   takes the place of a bisection.
 * - A bisection doesn't count as a retry, so a record that fails is alone before its retries run out.
 * - Otherwise the same records are handed over again, until the retries run out: then they are discarded.
 */
export function decide(part: Part, verdict: Verdict, rules: RetryRules, nowMs: number): Decision {
  const size = part.to - part.from
  switch (verdict.kind) {
    case 'succeeded':
      return { kind: 'advance', acknowledged: size, next: [] }
    case 'fatal':
      return { kind: 'stop', error: verdict.error }
    case 'failedFrom':
      return retryOrDiscard(part, verdict.index, rules, nowMs)
    case 'failed':
      return rules.bisectBatchOnFunctionError && size > 1 ? bisect(part, nowMs) : retryOrDiscard(part, 0, rules, nowMs)
  }
}

/**
 * Discards the records of a part that have grown too old to be handed over, undefined when none has. Records arrive in order, so
 * they are the first ones. Asked before each invocation.
 */
export function expire(
  part: Part,
  arrivals: readonly number[],
  maximumRecordAgeInSeconds: number,
  nowMs: number,
): Decision | undefined {
  if (maximumRecordAgeInSeconds === -1) return undefined
  const oldestMs = nowMs - maximumRecordAgeInSeconds * 1000
  const young = arrivals.findIndex(arrivalMs => arrivalMs >= oldestMs)
  if (young === 0) return undefined
  const middle = young === -1 ? part.to : part.from + young
  const next = middle === part.to ? [] : [{ ...part, from: middle }]
  return { kind: 'discard', acknowledged: 0, next, discarded: { ...part, to: middle }, condition: 'RecordAgeExceeded' }
}

/** The first invocation of a batch. */
export const wholeBatch = (records: number): Part => {
  return { from: 0, to: records, invocations: 0, retries: 0, stalled: 0, notBeforeMs: 0 }
}

function retryOrDiscard(part: Part, acknowledged: number, rules: RetryRules, nowMs: number): Decision {
  const { maximumRetryAttempts } = rules
  const rest = { ...part, from: part.from + acknowledged, invocations: part.invocations + 1 }
  if (maximumRetryAttempts !== -1 && part.retries >= maximumRetryAttempts) {
    return { kind: 'discard', acknowledged, next: [], discarded: rest, condition: 'RetryAttemptsExhausted' }
  }
  const stalled = acknowledged > 0 ? 0 : part.stalled + 1
  const notBeforeMs = nowMs + backoffMs(stalled)
  return { kind: 'retry', acknowledged, next: [{ ...rest, retries: part.retries + 1, stalled, notBeforeMs }] }
}

function bisect(part: Part, nowMs: number): Decision {
  const middle = part.from + Math.ceil((part.to - part.from) / 2)
  const half = { ...part, invocations: part.invocations + 1, stalled: 0, notBeforeMs: nowMs + backoffMs(1) }
  return {
    kind: 'bisect',
    acknowledged: 0,
    next: [
      { ...half, to: middle },
      { ...half, from: middle },
    ],
  }
}

/** Lambda backs off exponentially without saying how far. Ours goes from 100 ms to 10 s. */
function backoffMs(stalled: number): number {
  return stalled === 0 ? 0 : Math.min(10_000, 100 * 2 ** Math.min(stalled - 1, 10))
}
