import { decodeBody } from '../../shared/commit/commit-body.ts'
import { readOf } from '../../shared/commit/ring.ts'
import { describeThrown } from '../../shared/model/errors.ts'
import type { Plan, Stage } from '../../shared/plan/plan.ts'
import { mappingName } from '../cloud/deployment.ts'
import type { EmbeddedCloud } from '../cloud/embedded-cloud.ts'
import type { MappingEvent } from '../event-source/shard-worker.ts'
import type { Terminal } from './command-line.ts'
import { counted } from './numbers.ts'

/** What a pipeline is at, in plain lines, and what goes wrong in it. */
export class DevStatus {
  readonly #cloud: EmbeddedCloud
  readonly #plan: Plan
  readonly #terminal: Terminal
  /** The newest error of a shard's batch, until it succeeds. */
  readonly #told = new Map<string, string>()
  #printed = lineOf(0, 0, 0)
  #isStale = true

  constructor(cloud: EmbeddedCloud, plan: Plan, terminal: Terminal) {
    this.#cloud = cloud
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
    let records = 0
    for (const stage of this.#plan.stages) if (stage.input.kind === 'source') records += await this.#recordsOf(stage)
    return lineOf(records, this.#cloud.deadLetters.letters(this.#plan.name).length, this.#behindMs())
  }

  /** A stage that commits counts in its log, the others where they are acknowledged. */
  async #recordsOf({ name, kind, input }: Stage): Promise<number> {
    const { checkpoints, commits, streams } = this.#cloud
    if (kind === 'transient') return checkpoints.tally(mappingName(this.#plan, name)).recordsIn ?? 0
    let records = 0
    for (const { id } of streams.describe(input.stream)) {
      const read = readOf(await commits.readRing(`${this.#plan.name}/${name}/${id}`))
      if (read.kind === 'whole') records += decodeBody(read.newest.body).tallies.messages
    }
    return records
  }

  /** Age of the oldest record that waits: what Lambda calls the iterator age. */
  #behindMs(): number {
    const { streams, checkpoints } = this.#cloud
    let oldestMs = Number.POSITIVE_INFINITY
    for (const { name, input } of this.#plan.stages) {
      const reached = checkpoints.all(mappingName(this.#plan, name))
      for (const { id } of streams.describe(input.stream)) {
        const through = reached.get(id)?.through
        if (!streams.hasMore(input.stream, id, through)) continue
        const [next] = streams.read(input.stream, id, through, 1, 1)
        if (next !== undefined) oldestMs = Math.min(oldestMs, next.arrivalMs)
      }
    }
    return Math.max(0, Date.now() - Math.min(Date.now(), oldestMs))
  }
}

const lineOf = (records: number, deadLetters: number, behindMs: number): string =>
  `${counted(records, 'record')}, ${counted(deadLetters, 'dead letter')}, ${Math.round(behindMs / 1000)} s behind`
