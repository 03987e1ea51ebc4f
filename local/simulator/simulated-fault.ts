import { describeThrown, MalformedRecordError, RetryBatchError, UserFunctionError } from '../../shared/model/errors.ts'

/** What a call comes to when the simulator makes it fail. */
export class SimulatedFault extends Error {
  override readonly name = 'SimulatedFault'
}

/** Whether a runtime among faults may end an invocation with this; anything else is a mistake of its own. */
export function isExpected(error: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (cause instanceof SimulatedFault || cause instanceof RetryBatchError) return true
    if (cause instanceof UserFunctionError || cause instanceof MalformedRecordError) return true
  }
  // A list of shards may be older than the shard that a batch is of.
  return describeThrown(error).startsWith('Cannot find shard')
}
