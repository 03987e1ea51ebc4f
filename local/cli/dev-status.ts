import { decodeBody } from '../../shared/commit/commit-body.ts'
import { readOf } from '../../shared/commit/ring.ts'
import { describeThrown } from '../../shared/model/errors.ts'
import type { Plan, Stage } from '../../shared/plan/plan.ts'
import type { EmbeddedCloud } from '../cloud/embedded-cloud.ts'
import type { MappedCloud } from '../event-source/mapped-cloud.ts'
import type { MappingEvent } from '../event-source/shard-worker.ts'
import { mappingName } from '../functions/deployment.ts'
import type { Terminal } from './command-line.ts'
import { counted } from './numbers.ts'

/** What a status line says. */
export type Figures = {
  /** Records that the source stages are done with. */
  records(): Promise<number>
  deadLetters(): number
  /** Age of the oldest record that waits: what Lambda calls the iterator age. */
  behindMs(): number
}

/** What a pipeline is at, in plain lines, and what goes wrong in it. */
export class DevStatus {
  readonly #figures: Figures
  readonly #plan: Plan
  readonly #terminal: Terminal
  /** The newest error of a shard's batch, until it succeeds. */
  readonly #told = new Map<string, string>()
  #printed = lineOf(0, 0, 0)
  #isStale = true

  constructor(figures: Figures, plan: Plan, terminal: Terminal) {
    this.#figures = figures
    this.#plan = plan
    this.#terminal = terminal
  }

  /** A batch that fails is handed over again until it succeeds: its error is told once. */
  heard({ mapping, shard, error, done }: MappingEvent): void {
    this.#isStale = true
    const place = `${mapping}/${shard}`
    if (done > 0) this.#told.delete(place)
    if (error === undefined) return
    const said = describeThrown(error).replace(/\s*[\r\n]+\s*/g, ' ')
    if (this.#told.get(place) === said) return
    this.#told.set(place, said)
    const stage = mapping.slice(this.#plan.name.length + 1)
    this.#terminal.err(`${said}; stage "${stage}" tries this batch of ${shard} again until it succeeds\n`)
  }

  /** Prints a line where there is something new. */
  async print(): Promise<void> {
    // Nothing was handed over since: counting is not for nothing.
    if (!this.#isStale) return
    this.#isStale = false
    const line = await this.#line()
    if (line === this.#printed) return
    this.#printed = line
    this.#terminal.err(`${line}\n`)
  }

  async #line(): Promise<string> {
    const records = await this.#figures.records()
    return lineOf(records, this.#figures.deadLetters(), this.#figures.behindMs())
  }
}

/** Of an embedded cloud. */
export function embeddedFigures(cloud: EmbeddedCloud, plan: Plan): Figures {
  return {
    records: async () => {
      let records = 0
      for (const stage of plan.stages) if (stage.input.kind === 'source') records += await recordsOf(cloud, plan, stage)
      return records
    },
    deadLetters: () => cloud.deadLetters.letters(plan.name).length,
    behindMs: () => behindMs(cloud, plan),
  }
}

/** A stage that commits counts in its log, the others where they are acknowledged. */
async function recordsOf(cloud: EmbeddedCloud, plan: Plan, { name, kind, input }: Stage): Promise<number> {
  const { checkpoints, commits, streams } = cloud
  if (kind === 'transient') return checkpoints.tally(mappingName(plan, name)).recordsIn ?? 0
  let records = 0
  for (const { id } of streams.describe(input.stream)) {
    const read = readOf(await commits.readRing(`${plan.name}/${name}/${id}`))
    // Of a log that was sealed a day ago the newest commit alone is left.
    if (read.kind !== 'empty') records += decodeBody(read.newest.body).tallies.messages
  }
  return records
}

/** Age of the oldest record that waits, as far as it is known here. */
export function behindMs({ streams, checkpoints }: MappedCloud, plan: Plan): number {
  let oldestMs = Number.POSITIVE_INFINITY
  for (const { name, input } of plan.stages) {
    const reached = checkpoints.all(mappingName(plan, name))
    for (const { id } of streams.describe(input.stream)) {
      const through = reached.get(id)?.through
      if (!streams.hasMore(input.stream, id, through)) continue
      const [next] = streams.read(input.stream, id, through, 1, 1)
      if (next !== undefined) oldestMs = Math.min(oldestMs, next.arrivalMs)
    }
  }
  return Math.max(0, Date.now() - Math.min(Date.now(), oldestMs))
}

const lineOf = (records: number, deadLetters: number, behindMs: number): string =>
  `${counted(records, 'record')}, ${counted(deadLetters, 'dead letter')}, ${Math.round(behindMs / 1000)} s behind`
