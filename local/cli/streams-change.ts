import { ConfigurationError } from '../../shared/model/errors.ts'
import type { AwsOptions } from './aws-options.ts'
import { type Terminal, UsageError } from './command-line.ts'
import { counted } from './numbers.ts'
import { checkStream, withCloud } from './with-cloud.ts'

type ChangeOptions = AwsOptions & { readonly json?: true }
export type CreateOptions = ChangeOptions & { readonly shards?: string }
export type DeleteOptions = ChangeOptions & { readonly yes?: true }

/** Makes a stream that is not there yet. */
export async function create(stream: string, options: CreateOptions, terminal: Terminal): Promise<void> {
  const { shards = '1' } = options
  const count = /^\d{1,9}$/.test(shards) ? Number(shards) : 0
  if (!namePattern.test(stream)) {
    throw new UsageError(
      `Cannot create stream "${stream}": its name is not one of Kinesis, expected 1 to 128 letters, digits, "_", "." or "-"`,
    )
  }
  if (count < 1) {
    throw new UsageError(`Cannot create stream "${stream}": "${shards}" is not a number of shards, expected 1 or more`)
  }
  await withCloud(
    options,
    async client => {
      if ((await client.streamNames()).includes(stream)) {
        throw new UsageError(
          `Cannot create stream "${stream}": it is there already, change its shards by split or merge`,
        )
      }
      await client.createStream(stream, count)
    },
    { whenMissing: 'create' },
  )
  print(options, terminal, { stream, shards: count }, `Created stream "${stream}" with ${counted(count, 'shard')}`)
}

/** Kinesis CreateStream: `[a-zA-Z0-9_.-]+`, 1 to 128 characters. */
const namePattern = /^[a-zA-Z0-9_.-]{1,128}$/

/** Deletes a stream with its records, unless someone may miss it. */
export async function deleteStream(stream: string, options: DeleteOptions, terminal: Terminal): Promise<void> {
  await withCloud(options, async client => {
    await checkStream(client, 'delete', stream)
    const readers = await client.readersOf(stream)
    if (!options.yes) refuseRead(stream, client.place, readers)
    await client.deleteStream(stream)
  })
  print(options, terminal, { stream, deleted: true }, `Deleted stream "${stream}"`)
}

function refuseRead(stream: string, place: string, readers: readonly string[] | undefined): void {
  if (readers?.length === 0) return
  const why =
    readers === undefined
      ? `whether a pipeline reads it is not known on ${place}`
      : `it is read by ${readers.map(reader => `"${reader}"`).join(', ')}`
  throw new ConfigurationError(`Cannot delete stream "${stream}": ${why}, add --yes to delete it with its records`)
}

/** A sentence for a person, or one JSON document. */
export function print(options: ChangeOptions, terminal: Terminal, document: object, sentence: string): void {
  terminal.out(options.json ? `${JSON.stringify(document, undefined, 2)}\n` : `${sentence}\n`)
}
