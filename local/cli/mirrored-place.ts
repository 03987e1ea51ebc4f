import { type AwsClients, type AwsSettings, awsClients } from '../../shared/aws/index.ts'
import type { Plan } from '../../shared/plan/plan.ts'
import { resourcesOf } from '../../shared/plan/resources.ts'
import { FolderFiles } from '../cloud/files.ts'
import { MirroredCloud } from '../mirror/mirrored-cloud.ts'
import { createResources, deleteResources, leftovers } from '../mirror/resources.ts'
import { type AwsPlace, awsSettings } from './aws-options.ts'
import { type Terminal, UsageError } from './command-line.ts'
import { counted } from './numbers.ts'

export type MirroredPlaceOptions = {
  readonly place: AwsPlace
  readonly plan: Plan
  /** Stage to number, for streams that are made now. */
  readonly shards: ReadonlyMap<string, number>
  readonly defaultShards: number
  /** Where file sinks write. */
  readonly filesFolder: string
  readonly terminal: Terminal
}

/** Creates what is missing of a pipeline's table and streams, and opens them. */
export async function openMirrored(options: MirroredPlaceOptions): Promise<MirroredCloud> {
  const { place, plan, filesFolder } = options
  const settings = awsSettings(place, plan)
  const clients = awsClients(settings)
  await createResources(clients, settings, plan, shardsOf(options)).catch(error => {
    clients.close()
    throw unreachable(error instanceof Error ? (error.cause ?? error) : error, place)
  })
  const cloud = await MirroredCloud.open(plan, { settings, clients, files: new FolderFiles(filesFolder) })
  tellShards(cloud, options)
  return cloud
}

/** Begins anew where `isFresh`, else throws a UsageError where an earlier run has left anything: its records would count again. */
export async function prepareForRun(place: AwsPlace, plan: Plan, isFresh: boolean): Promise<void> {
  if (isFresh && place.endpoint === undefined) {
    throw new UsageError('Cannot use --fresh on AWS: it deletes a table and streams, delete them yourself there')
  }
  const settings = awsSettings(place, plan)
  const clients = awsClients(settings)
  try {
    if (isFresh) await deleteResources(clients, settings, plan)
    else await refuseLeftovers(clients, settings, place, plan)
  } catch (error) {
    throw unreachable(error, place)
  } finally {
    clients.close()
  }
}

/** Nobody listens at an endpoint that was not started: a way out is better than a code. */
function unreachable(error: unknown, { endpoint }: AwsPlace): unknown {
  const isRefused = error instanceof Error && 'code' in error && error.code === 'ECONNREFUSED'
  if (!isRefused || endpoint === undefined) return error
  return new UsageError(`Cannot reach "${endpoint}": nobody listens there, start LocalStack with millrace local up`, {
    cause: error,
  })
}

async function refuseLeftovers(clients: AwsClients, settings: AwsSettings, place: AwsPlace, plan: Plan): Promise<void> {
  const left = await leftovers(clients, settings, plan)
  if (left === undefined) return
  const fresh = place.endpoint === undefined ? '' : 'add --fresh to delete the table and the streams first, '
  throw new UsageError(
    `Cannot run pipeline "${plan.name}" anew: ${left}, ${fresh}add --prefix TEXT for a place of its own, or go on there with millrace dev`,
  )
}

function shardsOf({ plan, shards, defaultShards }: MirroredPlaceOptions): (stream: string) => number {
  // A folder is one shard wherever it is read.
  const isSplit = new Map(
    resourcesOf(plan).streams.map(({ name, kind, insteadOf }) => [
      name,
      kind === 'source' && insteadOf?.kind !== 'folder',
    ]),
  )
  const asked = new Map(
    plan.stages.flatMap(({ name, input }) => {
      const count = shards.get(name)
      return count === undefined ? [] : [[input.stream, count]]
    }),
  )
  return stream => asked.get(stream) ?? (isSplit.get(stream) ? defaultShards : 1)
}

/** A word where streams are what they were before. */
function tellShards(cloud: MirroredCloud, { plan, shards, terminal }: MirroredPlaceOptions): void {
  for (const { name, input } of plan.stages) {
    const asked = shards.get(name)
    const open = cloud.streams.describe(input.stream).filter(shard => !shard.closed)
    if (asked === undefined || asked === open.length) continue
    terminal.err(
      `Stage "${name}" keeps its ${counted(open.length, 'shard')}, millrace streams split and merge change them\n`,
    )
  }
}
