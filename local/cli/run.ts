import { Option } from 'commander'
import type { Plan, Stage } from '../../shared/plan/plan.ts'
import { folderSourceOf } from '../../shared/plan/resources.ts'
import { EmbeddedCloud } from '../cloud/embedded-cloud.ts'
import { FolderFiles } from '../cloud/files.ts'
import { MemoryStorage } from '../cloud/memory-storage.ts'
import { loadPipeline } from '../functions/load-pipeline.ts'
import { runnersFor } from '../functions/runners.ts'
import { boundedRun } from '../run/bounded-run.ts'
import { recordsOfStream, viewNames } from '../run/results.ts'
import { type RunReport, reportOf } from '../run/run-report.ts'
import { type AwsOptions, addAwsOptions, awsPlace } from './aws-options.ts'
import { type AddCommand, type Terminal, UsageError } from './command-line.ts'
import { openDataFolder, realClock } from './data-folder.ts'
import { checkEmpty } from './empty-folder.ts'
import { collected, numberIn, once } from './once.ts'
import { Progress } from './progress.ts'
import { batchSizesFrom, inputsFrom, shardsFrom, viewsFrom } from './run-options.ts'
import { jsonOf, textOf } from './run-output.ts'
import { untilDone } from './run-until-done.ts'

type RunFlags = AwsOptions & {
  readonly input: readonly string[]
  readonly view: readonly string[]
  readonly json?: true
  readonly all?: true
  readonly data?: string
  readonly dataLimit?: string
  readonly files?: string
  readonly shards?: string
  readonly batchSize?: string
  readonly pipeline?: string
  readonly fresh?: true
}

export const addRun: AddCommand = (program, terminal) => {
  const command = program
    .command('run')
    .description('run a pipeline over files until every line is dealt with, then print its views')
    .argument('<pipeline>', 'the module that exports it, e.g. functions/orders/pipeline.ts')
    .addOption(
      option(
        '--input <source=file>',
        'the lines of a text file for a source, or of all files of a folder; one for each',
      )
        .default([], 'none')
        .argParser(collected),
    )
    .addOption(option('--json', 'print one JSON document instead of tables'))
    .addOption(option('--all', 'print every row of long tables'))
    .addOption(option('--view <name>', 'print this view; may be given again').default([], 'all').argParser(collected))
    .addOption(single('--data <folder>', 'keep all in this folder: the same command goes on after a crash or Ctrl-C'))
    .addOption(single('--data-limit <mb>', 'stop, as on a full disk, before the data folder holds more megabytes'))
    .addOption(
      single('--files <folder>', 'where file sinks write; by default FOLDER/files with --data, else ./NAME-files'),
    )
    .addOption(single('--shards <stage=n,...>', 'shards of the streams that feed stages, where they are made now'))
    .addOption(single('--batch-size <n>', 'most Kinesis records an invocation takes, for all stages or as stage=n,...'))
    .addOption(single('--pipeline <name>', 'which pipeline, where the module exports several'))
    .addOption(option('--fresh', 'at an endpoint: delete the table and the streams of an earlier run first'))
  addAwsOptions(command).action((file: string, flags: RunFlags) => run(file, flags, terminal))
}

const option = (flags: string, description: string) => new Option(flags, description)
const single = (flags: string, description: string) => option(flags, description).argParser(once(flags.split(' ')[0]))

async function run(file: string, flags: RunFlags, terminal: Terminal): Promise<void> {
  const pipeline = await loadPipeline(file, flags.pipeline)
  const { plan } = pipeline
  const inputs = inputsFrom(plan, flags.input)
  const shards = shardsFrom(plan, flags.shards)
  const batchSizes = batchSizesFrom(plan, flags.batchSize)
  const views = viewsFrom(plan, viewNames(plan), flags.view)
  const withStreams = flags.json === true
  const place = awsPlace(flags)
  if (place !== undefined) {
    if (flags.dataLimit !== undefined) throw new UsageError('Cannot use --data-limit: it is about a data folder')
    const isFresh = flags.fresh === true
    // The SDK: runs on this machine alone do not wait for it to be read.
    const { runAt } = await import('./run-at.ts')
    return print(
      await runAt({
        place,
        pipeline,
        inputs,
        shards,
        batchSizes,
        views,
        withStreams,
        files: flags.files,
        isFresh,
        terminal,
      }),
      flags,
      terminal,
    )
  }
  if (flags.fresh) throw new UsageError('Cannot use --fresh: it is about an endpoint, add --endpoint URL')
  const cloud = await openCloudFor(plan, flags)
  const functions = runnersFor(pipeline, file, cloud)
  const progress = new Progress(terminal, 'records')
  try {
    prepareStreams(cloud, plan, shards, terminal)
    const outcome = await untilDone(keptBy(flags), signal =>
      boundedRun({
        cloud,
        plan,
        inputs,
        shards: stage => shards.get(stage.name) ?? defaultShards(stage),
        batchSize: stage => batchSizes.get(stage.name) ?? defaultBatchSize,
        runner: functions.runner,
        signal,
        onProgress: ({ fraction, records }) => progress.update({ fraction, count: records }),
      }),
    )
    progress.stop()
    const recordsOf = (stream: string) => recordsOfStream(cloud, stream)
    const report = await reportOf(cloud, plan, outcome, { views, withStreams, recordsOf })
    print(report, flags, terminal)
  } finally {
    progress.stop()
    await functions.close()
    cloud.close()
  }
}

function print(report: RunReport, flags: RunFlags, terminal: Terminal): void {
  if (!flags.json) return terminal.out(textOf(report, flags.all === true))
  for (const piece of jsonOf(report)) terminal.out(piece)
}

const keptBy = ({ data }: RunFlags): string =>
  data === undefined ? 'nothing of it is kept without --data' : 'the same command goes on from there'

/** A source is read by four at a time; what stands behind a shuffle on this one machine gains nothing from more. */
/** A folder is one shard wherever it is read. */
const defaultShards = ({ input }: Stage): number =>
  input.kind === 'source' && folderSourceOf(input) === undefined ? 4 : 1
const defaultBatchSize = 10_000

async function openCloudFor(plan: Plan, flags: RunFlags): Promise<EmbeddedCloud> {
  const { data, files, dataLimit } = flags
  if (data !== undefined) {
    const limit = dataLimit === undefined ? undefined : numberIn('--data-limit', dataLimit, 1, 1_000_000)
    return openDataFolder(data, plan, {
      ...(limit !== undefined && { maxBytes: limit * 1_000_000 }),
      ...(files !== undefined && { filesFolder: files }),
    })
  }
  if (dataLimit !== undefined)
    throw new UsageError('Cannot read --data-limit: there is no data folder, add --data FOLDER')
  const folder = files ?? `${plan.name}-files`
  await checkEmpty(folder, plan)
  return new EmbeddedCloud(new MemoryStorage(), new FolderFiles(folder), realClock)
}

/** Streams that sinks write to, and a word where streams are what they were in an earlier run. */
function prepareStreams(
  cloud: EmbeddedCloud,
  plan: Plan,
  shards: ReadonlyMap<string, number>,
  terminal: Terminal,
): void {
  for (const sink of plan.graph.sinks) if (sink.kind === 'stream') cloud.streams.createStream(sink.stream, 1)
  for (const { name, input } of plan.stages) {
    const asked = shards.get(name)
    if (asked === undefined || !cloud.streams.has(input.stream)) continue
    const count = cloud.streams.describe(input.stream).filter(shard => !shard.closed).length
    if (count === asked) continue
    terminal.err(`Stage "${name}" keeps the ${count} shards that it was begun with, --shards is for new data folders\n`)
  }
}
