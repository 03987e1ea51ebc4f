import type { Cost, CostLine } from './cost.ts'
import type { StageFlow } from './cost-flow.ts'

/** An estimate for a person: the parts, what they add up to, and what was assumed. `assumed` is what the caller filled in. */
export function textOfCost(cost: Cost, assumed: readonly string[]): string {
  const { pipeline, eventsPerMonth, prices } = cost
  const head = `pipeline ${pipeline}, ${short(eventsPerMonth)} events a month, US dollars in ${prices.region} as of ${prices.asOf}\n`
  const notes = [...cost.stages.flatMap(tooFewShards), ...assumed, ...always]
  return [head, partsTable(cost), '\n', flowTable(cost.stages), '\n', ...notes.map(note => `- ${note}\n`)].join('')
}

const always = [
  'an estimate: sizes measured on the orders, times of functions assumed; docs/cost.md says how it comes about',
  'without free tiers, taxes, data transfer, X-Ray, KMS, streams and files of sinks, and what your own functions call',
]

function partsTable({ lines, idle, month, perMillion }: Cost): string {
  const rows = lines.map(line => [
    `${line.service}: ${line.part}`,
    `${short(line.quantity)} ${line.unit}`,
    dollars(line.idle),
    dollars(line.month),
    smallDollars(line.perMillion),
  ])
  const total = ['in all', '', dollars(idle), dollars(month), smallDollars(perMillion)]
  return table(['part', 'a month', 'idle $/month', '$/month', '$/million events'], [...rows, total], 2)
}

function flowTable(stages: readonly StageFlow[]): string {
  const rows = stages.map(flow => [
    flow.stage.name,
    String(flow.shards),
    short(flow.records),
    short(flow.events),
    short(flow.invocations),
    short(flow.commitUnits + flow.pageUnits + flow.rowUnits),
  ])
  return table(['stage, by the second', 'shards', 'records', 'events', 'invocations', 'write units'], rows, 1)
}

const tooFewShards = ({ stage, shards, shardsNeeded }: StageFlow): string[] =>
  shards >= shardsNeeded
    ? []
    : [`stage "${stage.name}" needs ${shardsNeeded} shards for this traffic, it was given ${shards}`]

/** The first `left` columns to the left, numbers to the right. */
function table(titles: readonly string[], rows: readonly (readonly string[])[], left: number): string {
  const widths = titles.map((title, i) => Math.max(title.length, ...rows.map(row => row[i].length)))
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, i) => (i < left ? cell.padEnd(widths[i]) : cell.padStart(widths[i])))
      .join('  ')
      .trimEnd()
  return [titles, ...rows].map(cells => `${line(cells)}\n`).join('')
}

const dollars = (value: number): string => value.toFixed(2)

const smallDollars = (value: CostLine['perMillion']): string => (value === undefined ? '-' : value.toFixed(4))

/** Three digits that count. */
const short = (value: number): string =>
  value >= 1_000 ? Math.round(value).toLocaleString('en-US') : String(Number(value.toPrecision(3)))
