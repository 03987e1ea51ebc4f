import type { Context } from 'aws-lambda'
import type { Host, InvocationReport } from '../../shared/ports/host.ts'
import { lambdaContext as contextOf } from '../functions/lambda-context.ts'
import { type TestCloud, testCloud } from './test-cloud.ts'

/** What a handler's invocation is given beside its event. */
export type LambdaContextOptions = {
  /** @default the cloud of this process: see `testCloud` */
  readonly cloud?: TestCloud
  /** @default 'test' */
  readonly functionName?: string
  /** Time left to the invocation: a number that stands still, or a function. @default 60,000 */
  readonly remainingMs?: number | (() => number)
  /** No logs or metrics on standard output. @default true */
  readonly isQuiet?: boolean
  /** Hears what the invocation did. */
  readonly onReport?: (report: InvocationReport) => void
  /** Hears why a message of a queue was given back to it. */
  readonly onGivenBack?: (reason: string) => void
}

/** A Lambda context for a handler that a test invokes: it names the cloud in memory that the handler runs on. */
export function lambdaContext(options: LambdaContextOptions = {}): Context {
  const { cloud = testCloud(), functionName = 'test', remainingMs = 60_000, isQuiet = true } = options
  const { onReport = () => {}, onGivenBack = () => {} } = options
  const host: Host = { ports: cloud.ports, isQuiet, report: onReport, gaveBack: onGivenBack }
  return contextOf({
    host,
    functionName,
    remainingMs: typeof remainingMs === 'number' ? () => remainingMs : remainingMs,
  })
}
