import type { Context } from 'aws-lambda'
import { awsHosts } from '../aws-host.ts'
import { tick } from './tick.ts'

// Made once for each Lambda environment, before its first invocation.
const hosts = awsHosts()
const streams = Object.keys(JSON.parse(process.env.MILLRACE_STREAMS ?? '{}'))

/** A Lambda handler for a schedule: each invocation puts a tick on every shard of the streams that MILLRACE_STREAMS names. */
export async function handler(_event: unknown, context: Context): Promise<void> {
  await tick(hosts(context).ports.streams, streams)
}
