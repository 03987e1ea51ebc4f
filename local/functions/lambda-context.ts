import type { Context } from 'aws-lambda'
import { type Host, hostSymbol } from '../../shared/ports/host.ts'

export type ContextOptions = {
  readonly host: Host
  readonly functionName: string
  /** Time left to the invocation, in milliseconds. */
  readonly remainingMs: () => number
}

/** A Lambda context that tells the handler which cloud it is on. */
export function lambdaContext({ host, functionName, remainingMs }: ContextOptions): Context {
  const context: Context = {
    callbackWaitsForEmptyEventLoop: true,
    functionName,
    functionVersion: '$LATEST',
    invokedFunctionArn: `arn:aws:lambda:us-east-1:000000000000:function:${functionName}`,
    memoryLimitInMB: '1024',
    awsRequestId: '00000000-0000-0000-0000-000000000000',
    logGroupName: `/aws/lambda/${functionName}`,
    logStreamName: 'local',
    getRemainingTimeInMillis: remainingMs,
    done: () => {},
    fail: () => {},
    succeed: () => {},
  }
  Reflect.set(context, hostSymbol, host)
  return context
}
