import { flowOf, type StageFlow, type Traffic } from './cost-flow.ts'
import { prices as listed, type Prices } from './cost-prices.ts'
import { sum } from './cost-rows.ts'
import { sizes } from './cost-sizes.ts'
import type { Plan } from './plan.ts'
import { insteadOfStream } from './resources.ts'

export type CostOptions = {
  /** Kinesis streams that scale by themselves, paid by what passes, instead of shards paid by the hour. */
  readonly onDemand: boolean
  /** MiB of a stage's function. */
  readonly memoryMiB: number
}

/** One part of the bill, in US dollars. */
export type CostLine = {
  readonly service: 'Kinesis' | 'DynamoDB' | 'Lambda' | 'CloudWatch' | 'EventBridge'
  readonly part: string
  /** What is paid for in a month, with its unit. */
  readonly quantity: number
  readonly unit: string
  /** A month without an event. */
  readonly idle: number
  /** A month of the traffic. */
  readonly month: number
  /** For a million events: undefined where none come. */
  readonly perMillion: number | undefined
}

export type Cost = {
  readonly pipeline: string
  readonly eventsPerMonth: number
  readonly lines: readonly CostLine[]
  readonly idle: number
  readonly month: number
  readonly perMillion: number | undefined
  readonly stages: readonly StageFlow[]
  readonly prices: Prices
}

/** 730 hours, as AWS reckons a month. */
export const monthSeconds = 730 * 3_600

/**
 * What a pipeline costs a month, from its plan, its traffic and a price table: an estimate. The write path is that of the engine: one
 * conditional write an invocation, pages, a chunk for each key group that a batch touches. Sizes are measured ones, see cost-sizes.
 */
export function costOf(plan: Plan, traffic: Traffic, options: CostOptions, prices: Prices = listed): Cost {
  const stages = flowOf(plan, traffic)
  const shards = new Map(stages.map(({ stage, shards }) => [stage.name, shards]))
  // Nothing comes, to the shards that are there for the traffic.
  const still = flowOf(plan, { ...traffic, rate: () => 0, shards: stage => shards.get(stage) })
  const busy = itemsOf(stages, options, prices)
  const idle = itemsOf(still, options, prices)
  const eventsPerMonth = sum(sourcesOf(stages).map(({ events }) => events)) * monthSeconds
  const perMillion = (dollars: number) => (eventsPerMonth === 0 ? undefined : dollars / (eventsPerMonth / 1e6))
  const lines = busy.map(({ service, part, quantity, unit, price }, i) => {
    const month = quantity * price
    return { service, part, quantity, unit, idle: idle[i].quantity * price, month, perMillion: perMillion(month) }
  })
  const month = sum(lines.map(line => line.month))
  return {
    pipeline: plan.name,
    eventsPerMonth,
    lines,
    idle: sum(lines.map(line => line.idle)),
    month,
    perMillion: perMillion(month),
    stages,
    prices,
  }
}

type Item = Pick<CostLine, 'service' | 'part' | 'quantity' | 'unit'> & { readonly price: number }

const sourcesOf = (flows: readonly StageFlow[]) => flows.filter(({ stage }) => stage.input.kind === 'source')

/** What is read in place of a stream is paid elsewhere: a cluster of Kafka, a bucket. */
const streamSourcesOf = (flows: readonly StageFlow[]) =>
  sourcesOf(flows).filter(({ stage }) => insteadOfStream(stage.input) === undefined)
const shufflesOf = (flows: readonly StageFlow[]) => flows.filter(({ stage }) => stage.input.kind === 'shuffle')

/** The same parts in the same order, whatever the traffic. */
const itemsOf = (flows: readonly StageFlow[], options: CostOptions, prices: Prices): readonly Item[] => [
  ...streamItems('source streams', streamSourcesOf(flows), options, prices),
  ...streamItems('shuffle streams', shufflesOf(flows), options, prices),
  ...tableItems(flows, prices),
  ...functionItems(flows, options, prices),
  ...watchItems(flows, prices),
]

function streamItems(
  what: string,
  flows: readonly StageFlow[],
  { onDemand }: CostOptions,
  { kinesis }: Prices,
): Item[] {
  const service = 'Kinesis'
  const hours = monthSeconds / 3_600
  if (!onDemand) {
    const shardHours = sum(flows.map(({ shards }) => shards)) * hours
    const units = (sum(flows.map(({ putUnits }) => putUnits)) * monthSeconds) / 1e6
    return [
      { service, part: `${what}, shards`, quantity: shardHours, unit: 'shard hours', price: kinesis.shardHour },
      { service, part: `${what}, puts`, quantity: units, unit: 'million put units', price: kinesis.millionPutUnits },
    ]
  }
  // Each record counts in KB begun: half a KB more than its bytes, in the mean.
  const paid = sum(flows.map(({ bytes, records }) => Math.max(bytes + records * 512, records * 1024)))
  const gb = (paid * monthSeconds) / 2 ** 30
  return [
    {
      service,
      part: `${what}, hours`,
      quantity: flows.length * hours,
      unit: 'stream hours',
      price: kinesis.streamHour,
    },
    { service, part: `${what}, in`, quantity: gb, unit: 'GB', price: kinesis.gbIn },
    { service, part: `${what}, out`, quantity: gb, unit: 'GB', price: kinesis.gbOut },
  ]
}

function tableItems(flows: readonly StageFlow[], { dynamo }: Prices): Item[] {
  const service = 'DynamoDB'
  const writes = (part: string, of: (flow: StageFlow) => number): Item => {
    const quantity = (sum(flows.map(of)) * monthSeconds) / 1e6
    return { service, part, quantity, unit: 'million write units', price: dynamo.millionWriteUnits }
  }
  // What a month adds is there for half of it.
  const gb =
    sum(flows.map(flow => flow.storedBytes + flow.claimedBytes + (flow.storedPerSecond * monthSeconds) / 2)) / 2 ** 30
  return [
    writes('commits', flow => flow.commitUnits),
    writes('pages', flow => flow.pageUnits),
    writes('rows of views', flow => flow.rowUnits),
    writes('ids of feeds', flow => flow.claimUnits),
    { service, part: 'storage', quantity: gb, unit: 'GB', price: dynamo.gbMonth },
    { service, part: 'point-in-time recovery', quantity: gb, unit: 'GB', price: dynamo.recoveryGbMonth },
  ]
}

const ticksPerMonth = monthSeconds / 60

function functionItems(flows: readonly StageFlow[], { memoryMiB }: CostOptions, { lambda, scheduler }: Prices): Item[] {
  const service = 'Lambda'
  const ticks = shufflesOf(flows).length === 0 ? 0 : ticksPerMonth
  const requests = (sum(flows.map(({ invocations }) => invocations)) * monthSeconds) / 1e6
  const gbSeconds = (sum(flows.map(({ busyMs }) => busyMs)) / 1_000) * monthSeconds * (memoryMiB / 1024)
  const clockGbSeconds = (ticks * sizes.clockMs * sizes.clockMiB) / 1_000 / 1024
  return [
    {
      service,
      part: 'requests of stages',
      quantity: requests,
      unit: 'million requests',
      price: lambda.millionRequests,
    },
    { service, part: 'duration of stages', quantity: gbSeconds, unit: 'GB seconds', price: lambda.gbSecond },
    {
      service,
      part: 'requests of the clock',
      quantity: ticks / 1e6,
      unit: 'million requests',
      price: lambda.millionRequests,
    },
    { service, part: 'duration of the clock', quantity: clockGbSeconds, unit: 'GB seconds', price: lambda.gbSecond },
    {
      service: 'EventBridge',
      part: 'ticks of the scheduler',
      quantity: ticks / 1e6,
      unit: 'million invocations',
      price: scheduler.millionInvocations,
    },
  ]
}

function watchItems(flows: readonly StageFlow[], { cloudWatch }: Prices): Item[] {
  const service = 'CloudWatch'
  // A metric is paid for the hours in which it comes: that of a source without events does not.
  const metrics = sum(flows.map(({ stage, invocations }) => (invocations === 0 ? 0 : metricsOf(stage.kind))))
  const logGb = (sum(flows.map(({ invocations }) => invocations)) * sizes.logBytes * monthSeconds) / 2 ** 30
  const alarms = flows.length * sizes.alarms + (shufflesOf(flows).length === 0 ? 0 : 1)
  return [
    { service, part: 'metrics', quantity: metrics, unit: 'metrics', price: cloudWatch.metricMonth },
    { service, part: 'logs', quantity: logGb, unit: 'GB', price: cloudWatch.logGb },
    { service, part: 'alarms', quantity: alarms, unit: 'alarms', price: cloudWatch.alarmMonth },
    { service, part: 'dashboard', quantity: 1, unit: 'dashboard', price: cloudWatch.dashboardMonth },
  ]
}

const metricsOf = (kind: 'transient' | 'logged'): number =>
  kind === 'logged' ? sizes.loggedMetrics : sizes.transientMetrics
