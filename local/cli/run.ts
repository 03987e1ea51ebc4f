import { readdir } from 'node:fs/promises'
import { Option } from 'commander'
import type { Plan, Stage } from '../../shared/plan/plan.ts'
import { EmbeddedCloud } from '../cloud/embedded-cloud.ts'
import { FolderFiles } from '../cloud/files.ts'
import { loadPipeline } from '../cloud/load-pipeline.ts'
import { MemoryStorage } from '../cloud/memory-storage.ts'
import { runnersFor } from '../cloud/runners.ts'
import { boundedRun, type RunOutcome, type RunProgress } from '../run/bounded-run.ts'
import { viewNames } from '../run/results.ts'
import { reportOf } from '../run/run-report.ts'
import { type AddCommand, type Terminal, UsageError } from './command-line.ts'
import { openDataFolder, realClock } from './data-folder.ts'
import { InterruptedError } from './errors.ts'
import { untilInterrupted } from './interrupt.ts'
import { wholeNumber } from './numbers.ts'
import { collected, numberIn, once } from './once.ts'
import { Progress } from './progress.ts'
import { batchSizesFrom, inputsFrom, shardsFrom, viewsFrom } from './run-options.ts'
import { jsonOf, textOf } from './run-output.ts'

type RunFlags = {
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
}

export const addRun: AddCommand = (program, terminal) => {
  program
    .command('run')
    .description('run a pipeline over files until every line is dealt with, then print its views')
    .argument('<pipeline>', 'the module that exports it, e.g. functions/orders/pipeline.ts')
    .addOption(
      option('--input <source=file>', 'the lines of a text file for a source; one for each')
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
    .action((file: string, flags: RunFlags) => run(file, flags, terminal))
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
  const cloud = await openCloudFor(plan, flags)
  const functions = runnersFor(pipeline, file, cloud)
  const progress = new Progress(terminal, 'records')
  try {
    prepareStreams(cloud, plan, shards, terminal)
    const outcome = await untilDone(flags, signal =>
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
    const report = await reportOf(cloud, plan, outcome, views)
    terminal.out(flags.json ? jsonOf(report) : textOf(report, flags.all === true))
  } finally {
    progress.stop()
    await functions.close()
    cloud.close()
  }
}

/** Throws an InterruptedError when Ctrl-C ended the run before it was done. */
async function untilDone(flags: RunFlags, work: (signal: AbortSignal) => Promise<RunOutcome>): Promise<RunOutcome> {
  const outcomes: RunOutcome[] = []
  const { signal } = await untilInterrupted(async stop => void outcomes.push(await work(stop)))
  const [outcome] = outcomes
  if (signal !== undefined && outcome.kind === 'interrupted') {
    throw new InterruptedError(signal, stopped(outcome.progress, flags))
  }
  return outcome
}

/** A source is read by four at a time; what stands behind a shuffle on this one machine gains nothing from more. */
const defaultShards = (stage: Stage): number => (stage.input.kind === 'source' ? 4 : 1)
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
  if (plan.graph.sinks.some(sink => sink.kind === 'files')) await checkEmpty(folder, plan)
  return new EmbeddedCloud(new MemoryStorage(), new FolderFiles(folder), realClock)
}

/** Files of an earlier run that this one does not write again would look like its own. */
async function checkEmpty(folder: string, plan: Plan): Promise<void> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return []
    throw new UsageError(
      `Cannot write files of pipeline "${plan.name}" to "${folder}": ${error.code}, expected a folder of its own with --files`,
    )
  })
  if (names.length === 0) return
  throw new UsageError(
    `Cannot write files of pipeline "${plan.name}" to "${folder}": the folder is not empty, empty it or give another with --files`,
  )
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

function stopped({ fraction, records }: RunProgress, { data }: RunFlags): string {
  const way = data === undefined ? 'nothing of it is kept without --data' : 'the same command goes on from there'
  return `Stopped at ${Math.floor(fraction * 100)}% of the input, ${wholeNumber(records)} records read: ${way}`
}
