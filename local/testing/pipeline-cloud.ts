import type { KinesisStreamEvent } from 'aws-lambda'
import { handlers, type StageHandler } from '../../functions/handlers.ts'
import type { Pipeline } from '../../shared/dsl/pipeline.ts'
import type { SequenceNumber, ShardId } from '../../shared/model/ids.ts'
import { sequenceNumber } from '../../shared/model/ids.ts'
import { limits } from '../../shared/model/limits.ts'
import { stageNamed } from '../../shared/plan/plan.ts'
import { folderSourceOf } from '../../shared/plan/resources.ts'
import type { BatchResponse } from '../../shared/runtime/batch.ts'
import { rowsOfView } from '../cloud/rows.ts'
import type { StreamRecord } from '../cloud/streams.ts'
import { kinesisEvent } from '../event-source/kinesis-event.ts'
import { lambdaContext } from '../functions/lambda-context.ts'
import type { StageNames } from './driver-types.ts'
import type { DriverDeadLetter } from './readers.ts'
import type { TestCloud } from './test-cloud.ts'

type ViewNames<Out> = {
  [Name in keyof Out]: Out[Name] extends { readonly row: unknown } ? Name & string : never
}[keyof Out]
type RowOf<Kept> = Kept extends { readonly row: infer Row } ? Row : never

/**
 * A test cloud as one pipeline uses it. Hand events to a stage's handler yourself, then deliver to the stages behind it what it put,
 * and look at the views.
 *
 * @example
 * await trades(kinesisEvent('trades', lines), lambdaContext())
 * const cloud = testCloud(orders)
 * await cloud.deliver('side')
 * assert.deepEqual(await cloud.rows('totals'), [{ key: 'B', value: 2 }])
 */
export class PipelineCloud<Out, Origin> {
  readonly #cloud: TestCloud
  readonly #pipeline: Pipeline<Out, Origin>

  constructor(cloud: TestCloud, pipeline: Pipeline<Out, Origin>) {
    this.#cloud = cloud
    this.#pipeline = pipeline
  }

  /** The rows of a view as they are now, by window, then rank, then key. */
  async rows<Name extends ViewNames<Out>>(view: Name): Promise<readonly RowOf<Out[Name]>[]> {
    const kept = this.#cloud.embedded.views.rows(`${this.#pipeline.name}/${view}`)
    const rows: readonly unknown[] = rowsOfView(kept)
    return rows as readonly RowOf<Out[Name]>[]
  }

  async deadLetters(): Promise<readonly DriverDeadLetter[]> {
    return this.#cloud.embedded.deadLetters
      .letters(this.#pipeline.name)
      .map(letter => ({ ...letter, text: Buffer.from(letter.payload).toString() }))
  }

  /** Puts a file in the folder of a source that reads files, in the place of what has its name. */
  putFile(source: StageNames<Origin>, name: string, content: string | Uint8Array): void {
    const bytes = typeof content === 'string' ? Buffer.from(content) : content
    this.#cloud.embedded.sourceFiles.put(this.#folder(source), name, bytes, this.#cloud.nowMs)
  }

  removeFile(source: StageNames<Origin>, name: string): void {
    this.#cloud.embedded.sourceFiles.remove(this.#folder(source), name)
  }

  /** What lies in the stage's stream and `deliver` has not handed over yet: an event for each shard that has something. */
  events(stage: StageNames<Origin>): readonly KinesisStreamEvent[] {
    return this.#pending(stage).map(({ stream, shard, records }) => kinesisEvent(stream, shard, records))
  }

  /**
   * Hands the stage all that was put to its stream since the last time, and answers with its responses, one for each shard that had
   * something. What a response reports as failed stays for the next time. Rejects when the handler does.
   */
  async deliver(stage: StageNames<Origin>, handler?: StageHandler): Promise<readonly BatchResponse[]> {
    const handle = handler ?? this.#handler(stage)
    const host = { ports: this.#cloud.ports, isQuiet: true, report: () => {} }
    const context = lambdaContext({ host, functionName: stage, remainingMs: () => 60_000 })
    const responses: BatchResponse[] = []
    for (const { stream, shard, records } of this.#pending(stage)) {
      const response = await handle(kinesisEvent(stream, shard, records), context)
      const failed = response.batchItemFailures[0]?.itemIdentifier
      const done = records.findIndex(record => record.sequence === failed)
      const last = done < 0 ? records.at(-1) : records[done - 1]
      if (last !== undefined)
        this.#cloud.embedded.checkpoints.advance(this.#place(stage), shard, sequenceNumber(last.sequence))
      responses.push(response)
    }
    return responses
  }

  #folder(source: StageNames<Origin>): string {
    const found = folderSourceOf(stageNamed(this.#pipeline.plan, source).input)
    if (found !== undefined) return found.from.folder
    throw new RangeError(`Cannot put a file: stage "${source}" reads none, expected a source from: files(...)`)
  }

  #handler(stage: StageNames<Origin>): StageHandler {
    const known = ownHandlers.get(this.#pipeline) ?? handlers(this.#pipeline)
    ownHandlers.set(this.#pipeline, known)
    return known[stageNamed(this.#pipeline.plan, stage).name]
  }

  #pending(stage: StageNames<Origin>) {
    const { streams, checkpoints } = this.#cloud.embedded
    const { stream } = stageNamed(this.#pipeline.plan, stage).input
    this.#cloud.createStream(stream)
    return streams.describe(stream).flatMap(({ id }) => {
      const after: SequenceNumber | undefined = checkpoints.get(this.#place(stage), id)?.through
      const records = streams.read(stream, id, after, limits.batchRecords, limits.batchBytes)
      return records.length === 0 ? [] : [{ stream, shard: id, records } satisfies Pending]
    })
  }

  #place(stage: string): string {
    return `test/${this.#pipeline.name}/${stage}`
  }
}

type Pending = { readonly stream: string; readonly shard: ShardId; readonly records: readonly StreamRecord[] }

/** Warm over several views of one cloud. */
const ownHandlers = new WeakMap<object, Readonly<Record<string, StageHandler>>>()
