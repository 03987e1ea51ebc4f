import { describeThrown, RetryBatchError, StopDeploymentError } from '../model/errors.ts'

/** What the ports need of whoever runs them: time, lots and the end of the invocation. */
export type AwsHost = {
  /** Milliseconds since 1970. */
  now(): number
  /** From 0, below 1. */
  random(): number
  /** Rejects when the signal is aborted before. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
  /** Milliseconds left to the invocation that runs now; left out where calls have no deadline. */
  remainingMs?(): number
}

/** What the SDK's clients take beside a command. */
export type CallOptions = { readonly abortSignal?: AbortSignal }

/** What an invocation keeps of its time to say that a call did not end: without an answer, nobody learns why it stopped. */
const answerMs = 100

/** Node: a longer timer would fire at once. */
const longestTimerMs = 2 ** 31 - 1

/**
 * Makes one call of a service, all its tries included, within the deadline of the invocation. Its failures become sentences: a
 * StopDeploymentError where a person must act, else a RetryBatchError. Neither says whether the call took effect.
 *
 * `doing` and `resource` are parts of the sentence: `Cannot append to log "a": table "b" does not exist`. What `isExpected` is thrown as
 * it is.
 */
export async function callService<T>(
  host: Pick<AwsHost, 'sleep' | 'remainingMs'>,
  doing: string,
  resource: string,
  send: (options: CallOptions) => Promise<T>,
  isExpected: (error: unknown) => boolean = () => false,
): Promise<T> {
  const leftMs = host.remainingMs === undefined ? undefined : host.remainingMs() - answerMs
  if (leftMs !== undefined && leftMs <= 0) throw outOfTime(doing)
  const abortSignal =
    leftMs === undefined ? undefined : AbortSignal.timeout(Math.min(Math.ceil(leftMs), longestTimerMs))
  try {
    return await send(abortSignal === undefined ? {} : { abortSignal })
  } catch (error) {
    if (isExpected(error)) throw error
    if (abortSignal?.aborted) throw outOfTime(doing, error)
    throw sentenceOf(doing, resource, error)
  }
}

/** The longest wait of `ms` that does not outlive the invocation. Random, or writers that were refused together would meet again. */
export async function pause(host: AwsHost, ms: number): Promise<void> {
  const leftMs = host.remainingMs === undefined ? Number.POSITIVE_INFINITY : host.remainingMs() - answerMs
  await host.sleep(Math.max(0, Math.min(ms * host.random(), leftMs)))
}

const outOfTime = (doing: string, cause?: unknown): RetryBatchError =>
  new RetryBatchError(
    `Cannot ${doing}: the invocation's time is up, a longer timeout or a smaller batch of the function would be right`,
    { cause },
  )

const missing = new Set(['ResourceNotFoundException', 'NoSuchBucket'])
const denied = new Set([
  'AccessDeniedException',
  'AccessDenied',
  'KMSAccessDeniedException',
  'UnrecognizedClientException',
  'InvalidSignatureException',
  'SignatureDoesNotMatch',
  'InvalidAccessKeyId',
  'InvalidClientTokenId',
  'MissingAuthenticationTokenException',
  'IncompleteSignature',
])
const withoutCredentials = new Set(['CredentialsProviderError', 'TokenProviderError'])
const expired = new Set(['ExpiredTokenException', 'ExpiredToken'])

function sentenceOf(doing: string, resource: string, error: unknown): Error {
  const name = nameOf(error)
  const stop = (sentence: string) => new StopDeploymentError(`Cannot ${doing}: ${sentence}`, { cause: error })
  if (missing.has(name)) return stop(`${resource} does not exist there, deploy the pipeline or create it first`)
  if (denied.has(name)) {
    const said = describeThrown(error)
    return stop(`access to ${resource} is denied (${said}), give the role or user that runs this the permission`)
  }
  if (withoutCredentials.has(name)) {
    return stop('there are no AWS credentials, set AWS_PROFILE or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY')
  }
  if (expired.has(name)) return stop('the AWS credentials have expired, get new ones')
  if (error instanceof Error && /region is missing/i.test(error.message)) {
    return stop('there is no AWS region, set AWS_REGION or name one')
  }
  return new RetryBatchError(`Cannot ${doing}: ${resource} answered with ${reasonOf(error)}`, { cause: error })
}

export const nameOf = (error: unknown): string => (error instanceof Error ? error.name : '')

/** Failures of the network have a code and often no message. */
function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? `${error.code}` : undefined
  return code ?? `${nameOf(error)}: ${describeThrown(error)}`
}
