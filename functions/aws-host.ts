import { setTimeout as sleep } from 'node:timers/promises'
import type { Context } from 'aws-lambda'
import { type AwsHost, type AwsSettings, awsClients, awsPorts } from '../shared/aws/index.ts'
import { StopDeploymentError } from '../shared/model/errors.ts'
import type { Host } from '../shared/ports/host.ts'

/** Gives the host of an invocation on AWS. */
export type AwsHosts = (context: Context) => Host

/**
 * The ports of a deployed function, as its environment variables say where things are: MILLRACE_TABLE, MILLRACE_STREAMS (JSON, physical
 * names by the names in the program), where a sink writes files MILLRACE_BUCKET, and where a source reads them MILLRACE_SOURCE_BUCKET. Made once for each Lambda environment, which
 * runs one invocation at a time: calls end with the deadline of the newest.
 */
export function awsHosts(env: Readonly<Record<string, string | undefined>> = process.env): AwsHosts {
  const settings = settingsFrom(env)
  const world = invocationWorld()
  const ports = awsPorts(settings, awsClients(settings), world.host)
  const host: Host = { ports, isQuiet: false, report: () => {} }
  return context => {
    world.begin(context)
    return host
  }
}

/** The world of a deployed function: its calls end with the deadline of the invocation that began last. */
export function invocationWorld(): { readonly host: AwsHost; begin(context: Context): void } {
  let newest: Context | undefined
  const host: AwsHost = {
    now: Date.now,
    random: Math.random,
    sleep: (ms, signal) => sleep(ms, undefined, signal && { signal }),
    remainingMs: () => newest?.getRemainingTimeInMillis() ?? Number.MAX_SAFE_INTEGER,
  }
  return {
    host,
    begin: context => {
      newest = context
    },
  }
}

/** Where things are on AWS, by the environment's variables. Throws a StopDeploymentError. */
export function settingsFrom(env: Readonly<Record<string, string | undefined>>): AwsSettings {
  const { MILLRACE_TABLE: table, MILLRACE_STREAMS: streams, MILLRACE_BUCKET: bucket } = env
  const { MILLRACE_SOURCE_BUCKET: sourceBucket } = env
  if (table === undefined || table === '') {
    throw new StopDeploymentError('Cannot run on AWS: MILLRACE_TABLE is not set, expected the name of a DynamoDB table')
  }
  return {
    table,
    ...(streams && { streams: streamsFrom(streams) }),
    ...(bucket && { bucket }),
    ...(sourceBucket && { sourceBucket }),
  }
}

function streamsFrom(json: string): Readonly<Record<string, string>> {
  const streams = parsed(json)
  if (!isNames(streams)) {
    throw new StopDeploymentError(
      `Cannot run on AWS: MILLRACE_STREAMS is "${json}", expected a JSON object of the streams' names, as {"trades":"prod-trades"}`,
    )
  }
  return streams
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch {
    return undefined
  }
}

const isNames = (value: unknown): value is Readonly<Record<string, string>> =>
  typeof value === 'object' &&
  value !== null &&
  !Array.isArray(value) &&
  Object.values(value).every(name => typeof name === 'string' && name !== '')
