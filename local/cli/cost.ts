import { Option } from 'commander'
import { type Cost, costOf } from '../../shared/plan/cost.ts'
import type { Traffic } from '../../shared/plan/cost-flow.ts'
import { textOfCost } from '../../shared/plan/cost-text.ts'
import type { Plan } from '../../shared/plan/plan.ts'
import { loadPipeline } from '../functions/load-pipeline.ts'
import type { AddCommand } from './command-line.ts'
import { ratesFrom, sharesFrom, sizeFrom } from './cost-options.ts'
import { numberIn, once } from './once.ts'
import { batchSizesFrom, numbersOfStages, shardsFrom } from './run-options.ts'

type CostFlags = {
  readonly rate: string
  readonly size: string
  readonly aggregated?: string
  readonly shards?: string
  readonly batchSize?: string
  readonly batchWindow?: string
  readonly keys?: string
  readonly selectivity?: string
  readonly memory?: string
  readonly onDemand?: true
  readonly json?: true
  readonly pipeline?: string
}

/** What the construct gives a stage that was told nothing: see infra/props.ts. */
const defaults = { batchSize: 1_000, batchWindow: 1, memoryMiB: 1024, keys: 1_000 }

const mostKeys = 1_000_000_000

export const addCost: AddCommand = (program, terminal) => {
  const single = (flags: string, description: string) =>
    new Option(flags, description).argParser(once(flags.slice(0, flags.indexOf(' '))))
  program
    .command('cost')
    .description('estimate what a pipeline costs on AWS, a month and for a million events, part by part')
    .argument('<pipeline>', 'the module that exports it, e.g. functions/orders/pipeline.ts')
    .addOption(
      single(
        '--rate <events>',
        'events that come in, 5000/s, 300/min or 2/h; or source=rate,...',
      ).makeOptionMandatory(),
    )
    .addOption(single('--size <bytes>', 'of an event: 200B, 1.5KB').makeOptionMandatory())
    .addOption(single('--aggregated <n>', 'events in a Kinesis record, as the KPL puts them (default: 1)'))
    .addOption(
      single('--shards <stage=n,...>', 'shards of the streams that feed stages (default: what the traffic needs)'),
    )
    .addOption(single('--batch-size <n>', 'most records an invocation takes, or stage=n,... (default: 1000)'))
    .addOption(single('--batch-window <seconds>', 'how long Lambda waits for a full batch (default: 1)'))
    .addOption(single('--keys <n>', 'distinct keys of keyed stages, or stage=n,... (default: 1000)'))
    .addOption(
      single('--selectivity <share>', 'values that leave steps for each that comes, or stage=share,... (default: 1)'),
    )
    .addOption(single('--memory <mib>', 'of each function (default: 1024)'))
    .option('--on-demand', 'streams that scale by themselves, instead of shards')
    .option('--json', 'print one JSON document')
    .addOption(single('--pipeline <name>', 'which pipeline, where the module exports several'))
    .action(async (file: string, flags: CostFlags) => {
      const { plan } = await loadPipeline(file, flags.pipeline)
      const cost = costOf(plan, trafficFrom(plan, flags), {
        onDemand: flags.onDemand ?? false,
        memoryMiB: numberIn('--memory', flags.memory ?? String(defaults.memoryMiB), 128, 10_240),
      })
      if (flags.json) terminal.out(`${JSON.stringify(jsonOf(cost), undefined, 2)}\n`)
      else terminal.out(textOfCost(cost, assumed(plan, flags)))
    })
}

function trafficFrom(plan: Plan, flags: CostFlags): Traffic {
  const rates = ratesFrom(plan, flags.rate)
  const shards = shardsFrom(plan, flags.shards)
  const batchSizes = batchSizesFrom(plan, flags.batchSize)
  const keys =
    flags.keys === undefined ? new Map<string, number>() : numbersOfStages('--keys', plan, flags.keys, mostKeys)
  const shares = sharesFrom(plan, flags.selectivity)
  return {
    rate: source => rates.get(source) ?? 0,
    eventBytes: sizeFrom(flags.size),
    aggregated: numberIn('--aggregated', flags.aggregated ?? '1', 1, 100_000),
    shards: stage => shards.get(stage),
    batchSize: stage => batchSizes.get(stage) ?? defaults.batchSize,
    batchWindow: numberIn('--batch-window', flags.batchWindow ?? String(defaults.batchWindow), 0, 300),
    keys: stage => keys.get(stage) ?? defaults.keys,
    selectivity: stage => shares.get(stage) ?? 1,
  }
}

/** What the plan cannot know and the command line did not say. */
function assumed(plan: Plan, flags: CostFlags): string[] {
  const named = (text: string | undefined, stage: string) =>
    text !== undefined && (!text.includes('=') || text.includes(`${stage}=`))
  const keyed = plan.stages.filter(
    ({ name, operators }) => operators.some(({ kind }) => kind !== 'top') && !named(flags.keys, name),
  )
  const steps = plan.stages.filter(({ name, input }) => input.kind === 'source' && !named(flags.selectivity, name))
  const list = (stages: readonly { readonly name: string }[]) => stages.map(({ name }) => `"${name}"`).join(', ')
  return [
    ...(keyed.length === 0 ? [] : [`assumed ${defaults.keys} equally frequent keys of ${list(keyed)}: see --keys`]),
    ...(steps.length === 0
      ? []
      : [`assumed that every event of ${list(steps)} leaves its steps once: see --selectivity`]),
    ...(flags.aggregated === undefined ? ['assumed an event to a Kinesis record: see --aggregated'] : []),
  ]
}

/** Stages by name: what they do is for explain to tell. */
const jsonOf = ({ stages, ...cost }: Cost) => ({
  ...cost,
  stages: stages.map(({ stage, ...flow }) => ({ stage: stage.name, ...flow })),
})
