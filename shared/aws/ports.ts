import { DynamoClaims } from '#aws/claims'
import { S3SourceFiles } from '#aws/source-files'
import type { Ports } from '../ports/index.ts'
import { lookupsHere } from '../ports/lookups.ts'
import { type AwsHost, pause } from './calls.ts'
import type { AwsClients } from './clients.ts'
import { DynamoCommitLog } from './commit-log.ts'
import { DynamoDeadLetters } from './dead-letters.ts'
import { S3Files } from './files.ts'
import { Items } from './items.ts'
import type { AwsSettings } from './settings.ts'
import { KinesisStreams } from './streams.ts'
import { DynamoViews } from './views.ts'

/** The engine's ports, and what tools need beside them. */
export type AwsPorts = Ports & { readonly deadLetters: DynamoDeadLetters }

/** The engine's ports on DynamoDB, Kinesis and S3. Cheap to make: connections are the clients'. */
export function awsPorts(settings: AwsSettings, clients: AwsClients, host: AwsHost): AwsPorts {
  const items = new Items(clients, settings.table, host)
  return {
    streams: new KinesisStreams(settings, clients, host),
    commits: new DynamoCommitLog(items, host),
    claims: new DynamoClaims(items, host),
    views: new DynamoViews(items, host),
    deadLetters: new DynamoDeadLetters(items),
    files: new S3Files(settings, clients, host),
    sourceFiles: new S3SourceFiles(settings, clients, host),
    lookups: lookupsHere((ms, signal) => host.sleep(ms, signal)),
    clock: { now: () => host.now(), sleep: ms => pause(host, ms) },
  }
}
