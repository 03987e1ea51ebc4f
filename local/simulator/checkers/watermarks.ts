import type { CommitBody } from '../../../shared/commit/commit-body.ts'
import type { Chunk } from '../../../shared/emit/chunk.ts'
import { beginningOfTime } from '../../../shared/model/event-time.ts'
import type { PositionText } from '../../../shared/model/position.ts'
import type { Stage } from '../../../shared/plan/plan.ts'
import type { PutOutcome, PutRecord } from '../../../shared/ports/streams.ts'
import type { Checker, Happening, Observation, Watch } from '../observation.ts'
import { chunkIn } from './chunks.ts'
import { bodyOf } from './commit-bodies.ts'

/**
 * Invariant 5. No committed watermark of a key group or of a source's shard goes back, through a hand-over neither, and `through` moves
 * on with every version. No watermark passes a record that is still to come: a message that is put for the first time, and that its
 * own producer, or a parent of that, had not passed yet, is not behind the committed watermark of the key group that takes it.
 *
 * It believes the sources: records behind their own shard's watermark may be late. Producers of a source with an idle limit are not
 * looked at, for a watermark does pass them when they are idle. It does not check that watermarks get on: the run would not end.
 */
export const watermarks: Checker = {
  name: 'watermarks',
  watch: run => new WatermarksWatch(run),
}

type Producer = { highest: PositionText | ''; watermark: number }

class WatermarksWatch implements Watch {
  readonly #receivers: ReadonlyMap<string, Stage>
  readonly #mayBeIdle: ReadonlySet<string>
  readonly #pipeline: string
  /** Committed, by stage and key group. */
  readonly #groups = new Map<string, number>()
  readonly #logs = new Map<string, CommitBody>()
  readonly #producers = new Map<string, Producer>()
  #wrong: string | undefined

  constructor({ plan }: Observation) {
    this.#pipeline = plan.name
    const shuffles = plan.stages.filter(stage => stage.input.kind === 'shuffle')
    this.#receivers = new Map(shuffles.map(stage => [stage.input.stream, stage]))
    this.#mayBeIdle = new Set(
      plan.stages.flatMap(({ name, input }) =>
        input.kind === 'source' && Number.isFinite(input.source.idleMs) ? [name] : [],
      ),
    )
  }

  onHappening(happening: Happening): void {
    if (happening.kind === 'put') this.#put(happening.stream, happening.records, happening.outcomes)
    if (happening.kind !== 'effect' || happening.call.method !== 'append' || happening.result !== 'committed') return
    const [log, { version, body }] = happening.call.args
    this.#wrong ??= this.#committed(log, version, bodyOf(body))
  }

  onStep(): string | undefined {
    return this.#wrong
  }

  atEnd(): readonly string[] {
    return []
  }

  #committed(log: string, version: number, body: CommitBody): string | undefined {
    const before = this.#logs.get(log)
    this.#logs.set(log, body)
    const stage = log.split('/')[1]
    for (const { group, watermark } of body.groups) {
      const place = `${stage}/${group}`
      const known = this.#groups.get(place) ?? beginningOfTime
      if (watermark < known)
        return `The watermark of key group ${group} goes back from ${known} to ${watermark} in version ${version} of log "${log}"`
      this.#groups.set(place, watermark)
    }
    if (before === undefined) return undefined
    if (body.sourceWatermark < before.sourceWatermark)
      return `The source's watermark goes back from ${before.sourceWatermark} to ${body.sourceWatermark} in version ${version} of log "${log}"`
    if (isBehind(body, before)) return `Version ${version} of log "${log}" has consumed less than the one before`
    return undefined
  }

  #put(stream: string, records: readonly PutRecord[], outcomes: readonly PutOutcome[]): void {
    const receiver = this.#receivers.get(stream)
    if (receiver === undefined) return
    for (const [i, { data }] of records.entries()) {
      const chunk = outcomes[i].kind === 'accepted' ? chunkIn(data) : undefined
      if (chunk !== undefined) this.#wrong ??= this.#chunk(receiver.name, chunk)
    }
  }

  #chunk(receiver: string, chunk: Chunk): string | undefined {
    const { stage, shard, group, watermark, lineage } = chunk.header
    const placeOf = (id: string): string => `${receiver}/${group}/${stage}/${id}`
    const passed = lineage.ancestors.map(id => this.#producers.get(placeOf(id))?.watermark ?? beginningOfTime)
    const producer = this.#producers.get(placeOf(shard)) ?? {
      highest: '',
      watermark: Math.max(beginningOfTime, ...passed),
    }
    this.#producers.set(placeOf(shard), producer)
    const committed = this.#mayBeIdle.has(stage)
      ? beginningOfTime
      : (this.#groups.get(`${receiver}/${group}`) ?? beginningOfTime)
    let mark = 0
    for (let i = 0; i < chunk.count; i++) {
      for (; mark < chunk.markIndexes.length && chunk.markIndexes[mark] <= i; mark++)
        producer.watermark = Math.max(producer.watermark, chunk.markTimes[mark])
      const position = chunk.positionAt(i)
      if (position <= producer.highest) continue
      producer.highest = position
      const time = chunk.times[i]
      if (time <= committed && time > producer.watermark) {
        const where = `key group ${group} of stage "${receiver}" in pipeline "${this.#pipeline}"`
        return `The watermark of ${where} is ${committed}, and ${stage}/${shard} has a record of ${time} to come`
      }
    }
    producer.watermark = Math.max(producer.watermark, watermark ?? beginningOfTime)
    return undefined
  }
}

function isBehind({ through }: CommitBody, { through: before }: CommitBody): boolean {
  if (before === undefined) return false
  if (through === undefined) return true
  const [now, then] = [BigInt(through.sequence), BigInt(before.sequence)]
  return now < then || (now === then && through.sub < before.sub)
}
