import { limits } from '../../../shared/model/limits.ts'
import type { Checker, Happening, Observation, RuntimeCall, Watch } from '../observation.ts'

/**
 * Invariant 4: items per shard stay within their bound, and every call stays within the limits of the services: the slots of a ring, two
 * pages a key group, 400 KB an item, 1 MiB a record, 500 records and 5 MiB a put.
 *
 * It does not bound how large the state of the operators grows: that is the pipeline's own business.
 */
export const bounds: Checker = {
  name: 'bounds',
  watch: run => new BoundsWatch(run),
}

class BoundsWatch implements Watch {
  readonly #run: Observation
  #wrong: string | undefined

  constructor(run: Observation) {
    this.#run = run
  }

  onHappening(happening: Happening): void {
    if (happening.kind === 'effect') this.#wrong ??= tooLarge(happening.call)
  }

  onStep(): string | undefined {
    return this.#wrong
  }

  atEnd(): readonly string[] {
    const { plan, ringSlots } = this.#run
    const rings = this.#run.logs().flatMap(log => {
      const held = this.#run.ring(log).length
      return held > ringSlots ? [`The ring of log "${log}" holds ${held} items, more than its ${ringSlots} slots`] : []
    })
    return [...rings, ...plan.stages.flatMap(stage => this.#pagesOf(`${plan.name}/${stage.name}`))]
  }

  /** Parts of several versions may lie in one slot, one on the other: there are never more than the largest of them had. */
  #pagesOf(stage: string): string[] {
    const slots = Map.groupBy(this.#run.pages(stage), page => `${page.group}/${page.slot}`)
    return [...slots].flatMap(([slot, held]) => {
      const [parts, most] = [
        new Set(held.map(({ part }) => part.part)),
        Math.max(...held.map(({ part }) => part.parts)),
      ]
      return parts.size === held.length || held.length <= most
        ? []
        : [`Page ${slot} of stage "${stage}" has parts twice`]
    })
  }
}

function tooLarge(call: RuntimeCall): string | undefined {
  switch (call.method) {
    case 'append': {
      const [log, { version, body }] = call.args
      return body.byteLength <= limits.itemBytes
        ? undefined
        : `Version ${version} of log "${log}" has ${body.byteLength} bytes`
    }
    case 'writePage': {
      const [page, { bytes }] = call.args
      return bytes.byteLength <= limits.itemBytes
        ? undefined
        : `A part of the page of key group ${page.group} of stage "${page.stage}" has ${bytes.byteLength} bytes`
    }
    case 'putRecords': {
      const [stream, records] = call.args
      const sizes = records.map(({ data, partitionKey }) => data.byteLength + Buffer.byteLength(partitionKey))
      const bytes = sizes.reduce((sum, size) => sum + size, 0)
      if (records.length > limits.putRecordsCount) return `A put to stream "${stream}" has ${records.length} records`
      if (bytes > limits.putRecordsBytes) return `A put to stream "${stream}" has ${bytes} bytes`
      if (sizes.some(size => size > limits.kinesisRecordBytes)) return `A record put to stream "${stream}" is too large`
      return undefined
    }
    default:
      return undefined
  }
}
