import type { Plan, Stage } from '../../shared/plan/plan.ts'
import { functionName, insteadOfStream } from '../../shared/plan/resources.ts'
import type { StageName, StageShard } from '../cloud/stage-status.ts'
import { loadPipeline } from '../functions/load-pipeline.ts'
import { alignedColumns, type Column } from './aligned-columns.ts'
import { type AwsOptions, addAwsOptions, awsPlace } from './aws-options.ts'
import type { AddCommand, Terminal } from './command-line.ts'
import { byteSize, counted, wholeNumber } from './numbers.ts'
import { once } from './once.ts'
import { timeText } from './tables.ts'
import { withCloud } from './with-cloud.ts'

type StatusOptions = AwsOptions & { readonly pipeline?: string; readonly json?: true }

/** `millrace status`: how far a pipeline is, stage by stage and shard by shard. */
export const addStatus: AddCommand = (program, terminal) => {
  const command = program
    .command('status')
    .description('print lag, watermark, version and state size of each stage and shard')
    .argument('<pipeline>', 'the module that exports it')
    .option('--data <folder>', 'the data folder (default: .millrace/PIPELINE)', once('--data'))
    .option('--pipeline <name>', 'which pipeline, where the module exports several', once('--pipeline'))
    .option('--json', 'print one JSON document, with the shards that are finished')
  addAwsOptions(command).action((file: string, options: StatusOptions) => status(file, options, terminal))
}

async function status(file: string, options: StatusOptions, terminal: Terminal): Promise<void> {
  const { plan } = await loadPipeline(file, options.pipeline)
  const stages = plan.stages.map(({ name, kind, input }) => ({ name, kind, stream: input.stream }))
  const shards = await withCloud(options, client => client.stageShards(plan.name, stages), { pipeline: plan.name })
  if (options.json) return terminal.out(`${JSON.stringify(documentOf(plan, stages, shards), undefined, 2)}\n`)
  const elsewhere = new Map(plan.stages.map(({ name, input }) => [name, elsewhereOf(input)]))
  terminal.out(tableOf(stages, shards, elsewhere))
  const hidden = shards.find(
    shard => !shard.closed && shard.behindMs === undefined && shard.behindAtMostMs === undefined,
  )
  const stage = plan.stages.find(({ name }) => name === hidden?.stage)
  if (stage === undefined) return
  const name = functionName(plan, stage, awsPlace(options)?.prefix)
  terminal.out(
    `Of a stage that keeps no log Lambda alone knows how far it is: see IteratorAge of function "${name}" in CloudWatch\n`,
  )
}

/** Watermarks are milliseconds since 1970 in event time. What nobody knows is left out. */
const documentOf = (plan: Plan, stages: readonly StageName[], shards: readonly StageShard[]) => ({
  pipeline: plan.name,
  stages: stages.map(({ name, kind, stream }) => ({
    stage: name,
    kind,
    stream,
    shards: shards
      .filter(({ stage }) => stage === name)
      .map(({ shard, closed, records, behindMs, behindAtMostMs, log, ...rest }) => ({
        shard,
        closed,
        isFinished: isFinished({ shard, closed, records, behindMs, log, ...rest }),
        records,
        behindMs,
        behindAtMostMs,
        watermark: log?.watermark,
        version: log?.version,
        stateBytes: log?.stateBytes,
      })),
  })),
})

/** What a deployed stage reads in place of a stream, and who knows how far it is. */
function elsewhereOf(input: Stage['input']): string | undefined {
  const instead = insteadOfStream(input)
  switch (instead?.kind) {
    case 'kafka':
      return `Kafka topic "${instead.topic}": its consumer group knows`
    case 'folder':
      return `files of folder "${instead.folder}": they are read as they come`
    case undefined:
      return undefined
  }
}

const columns: readonly Column[] = [
  { title: 'stage' },
  { title: 'shard' },
  { title: 'to do', align: 'right' },
  { title: 'behind', align: 'right' },
  { title: 'watermark' },
  { title: 'version', align: 'right' },
  { title: 'state', align: 'right' },
]

function tableOf(
  stages: readonly StageName[],
  shards: readonly StageShard[],
  elsewhere: ReadonlyMap<string, string | undefined>,
): string {
  const rows = stages.flatMap(({ name, stream }) => {
    const ofStage = shards.filter(({ stage }) => stage === name)
    if (ofStage.length === 0) {
      const instead = elsewhere.get(name) ?? `stream "${stream}" is not there yet`
      return [[name, instead, '-', '-', '-', '-', '-']]
    }
    const finished = ofStage.filter(isFinished)
    const folded =
      finished.length === 0 ? [] : [[name, `${counted(finished.length, 'shard')} finished`, '', '', '', '', '']]
    return [...folded, ...ofStage.filter(shard => !isFinished(shard)).map(rowOf)]
  })
  return alignedColumns(columns, rows)
}

const rowOf = ({ stage, shard, closed, records, behindMs, behindAtMostMs, log }: StageShard): string[] => [
  stage,
  closed ? `${shard} (closed)` : shard,
  records === undefined ? '-' : wholeNumber(records),
  behindText(behindMs, behindAtMostMs),
  log?.watermark === undefined ? '-' : timeText(log.watermark),
  log === undefined ? '-' : wholeNumber(log.version),
  log === undefined ? '-' : byteSize(log.stateBytes),
]

function behindText(behindMs: number | undefined, atMostMs: number | undefined): string {
  if (behindMs !== undefined) return `${(behindMs / 1000).toFixed(1)} s`
  return atMostMs === undefined ? '-' : `≤ ${(atMostMs / 1000).toFixed(1)} s`
}

/** Closed, and all of it dealt with; a logged stage has handed its state over to the children. */
const isFinished = ({ closed, behindMs, log }: StageShard): boolean =>
  closed && behindMs === 0 && (log === undefined || log.sealed)
