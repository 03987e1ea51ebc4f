import type { CloudClient } from '../cloud/operations.ts'
import { type AwsOptions, awsPlace } from './aws-options.ts'
import { UsageError } from './command-line.ts'
import { DataFolderClient, defaultFolder, onlyFolder } from './data-folder-client.ts'

export type CloudChoice = {
  /** Of a data folder. @default 'refuse' */
  readonly whenMissing?: 'refuse' | 'create'
  /** Chooses the data folder where no option does. @default the only one that there is */
  readonly pipeline?: string
}

/** Runs `work` where the options say, on AWS or on a data folder, and lets go of it, whatever happens. */
export async function withCloud<T>(
  options: AwsOptions,
  work: (client: CloudClient) => Promise<T>,
  { whenMissing, pipeline }: CloudChoice = {},
): Promise<T> {
  const place = awsPlace(options)
  const folder = () => options.data ?? (pipeline === undefined ? onlyFolder() : defaultFolder(pipeline))
  // The SDK: who works on a data folder does not wait for it to be read.
  const client =
    place === undefined
      ? DataFolderClient.of(folder(), whenMissing)
      : new (await import('./aws-client.ts')).AwsClient(place)
  try {
    if (pipeline !== undefined) await checkOwner(client, pipeline)
    return await work(client)
  } finally {
    client.close()
  }
}

/** A stream that a user named. Throws a UsageError that lists the streams when there is none of this name. */
export async function checkStream(client: CloudClient, doing: string, stream: string): Promise<void> {
  const names = await client.streamNames()
  if (names.includes(stream)) return
  throw new UsageError(
    `Cannot ${doing} stream "${stream}": ${
      names.length === 0
        ? `${client.place} has no streams, make one with millrace streams create`
        : `there is no such stream, expected ${names.map(name => `"${name}"`).join(', ')}`
    }`,
  )
}

/** A data folder is of one pipeline. */
async function checkOwner(client: CloudClient, pipeline: string): Promise<void> {
  const owner = await client.pipeline()
  if (owner === undefined || owner === pipeline) return
  throw new UsageError(
    `Cannot use ${client.place} for pipeline "${pipeline}": it belongs to pipeline "${owner}", use that or another --data folder`,
  )
}
