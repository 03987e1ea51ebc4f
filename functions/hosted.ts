import type { MiddlewareObj } from '@middy/core'
import type { Context, KinesisStreamBatchResponse } from 'aws-lambda'
import { loadAwsHosts } from '#load-aws-host'
import { StopDeploymentError } from '../shared/model/errors.ts'
import { type Host, hostSymbol } from '../shared/ports/host.ts'
import type { AwsHosts } from './aws-host.ts'
import type { StageEvent } from './stage-event.ts'

/** One for all handlers of a module: an environment of Lambda has one set of clients, whichever stage it runs. */
let hosts: Promise<AwsHosts> | undefined
const load = (): Promise<AwsHosts> => (hosts ??= loadAwsHosts())

/**
 * Sees to it that the invocation's context names a host. On AWS it names none: then the function's environment variables say where it
 * is. The SDK is loaded only there, and before the first invocation, when a Lambda function has most of its power.
 */
export function hosted(stage: string): MiddlewareObj<StageEvent, KinesisStreamBatchResponse, Error, Context> {
  // A failure is for the invocation that needs it to tell.
  if (isOnAws()) load().catch(() => undefined)
  return {
    before: async ({ context }) => {
      if (hostOf(context) !== undefined) return
      if (!isOnAws()) {
        throw new StopDeploymentError(
          `Cannot run stage "${stage}": the invocation's context names no cloud, expected one made by lambdaContext() of "millrace/testing", or MILLRACE_TABLE in the environment`,
        )
      }
      const give = await load()
      Reflect.set(context, hostSymbol, give(context))
    },
  }
}

/** The host that the invocation's context names. */
export function hostOf(context: Context): Host | undefined {
  const host: unknown = Reflect.get(context, hostSymbol)
  return isHost(host) ? host : undefined
}

const isOnAws = (): boolean => process.env.MILLRACE_TABLE !== undefined

const isHost = (value: unknown): value is Host => typeof value === 'object' && value !== null && 'ports' in value
