/**
 * An error's class tells what happens next. Expected outcomes (a stale commit, a refused record) are values, not errors.
 *
 * | class                | what happens                                                        |
 * | -------------------- | ------------------------------------------------------------------- |
 * | ConfigurationError   | the program is refused when it is built, the command ends           |
 * | MalformedRecordError | the record follows its source's `onMalformed`                       |
 * | UserFunctionError    | the record follows its source's `onError`                           |
 * | RetryBatchError      | the invocation throws, the platform hands the batch over again      |
 * | StopDeploymentError  | nothing can go on until a person acts; retrying does no harm        |
 */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError'
}

/** Bytes that a codec cannot read. The message names what was found and what was expected. */
export class MalformedRecordError extends Error {
  override readonly name = 'MalformedRecordError'
}

/** A user's function threw. `cause` is what it threw. */
export class UserFunctionError extends Error {
  override readonly name = 'UserFunctionError'
  readonly operator: string
  constructor(operator: string, cause: unknown) {
    super(`Cannot run operator "${operator}": ${describeThrown(cause)}`, { cause })
    this.operator = operator
  }
}

/** The batch cannot be dealt with now: the platform hands it over again. */
export class RetryBatchError extends Error {
  override readonly name = 'RetryBatchError'
}

/** Nothing can go on until a person acts; the message says what to do. State and progress stay as they are. */
export class StopDeploymentError extends Error {
  override readonly name = 'StopDeploymentError'
}

/** What was thrown, on one line: anything can be thrown. */
export function describeThrown(thrown: unknown): string {
  if (thrown instanceof Error) return thrown.message === '' ? thrown.name : thrown.message
  return String(thrown)
}
