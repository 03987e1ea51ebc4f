import { decodeControl } from '../../../shared/codecs/control.ts'
import { type Chunk, decodeChunk } from '../../../shared/emit/chunk.ts'
import type { PositionText } from '../../../shared/model/position.ts'
import type { Stage } from '../../../shared/plan/plan.ts'
import type { Checker, Observation, Watch } from '../observation.ts'

/**
 * What lies on the shuffle streams once all is over, per key group and producer: a message that comes for the first time stands above all
 * that came before, so that dropping by the highest position loses nothing and keys keep their order; and a position always means the
 * same message, however often it was put.
 *
 * It does not check that every message is there: the comparison with the batch does.
 */
export const chunks: Checker = {
  name: 'chunks',
  watch: run => ({ atEnd: () => run.plan.stages.flatMap(stage => wrongIn(run, stage)) }) satisfies Watch,
}

type Producer = { highest: PositionText | ''; readonly messages: Map<PositionText, string> }

function wrongIn(run: Observation, { name, input }: Stage): string[] {
  if (input.kind === 'source') return []
  const producers = new Map<string, Producer>()
  const wrong: string[] = []
  // Parents stand before their children, and shards beside each other have no key group in common.
  for (const { id } of run.shards(input.stream)) {
    for (const { data, sequence } of run.records(input.stream, id)) {
      const chunk = chunkIn(data)
      if (chunk === undefined) continue
      const { stage, shard, group } = chunk.header
      const producer = producers.get(`${stage}/${shard}/${group}`) ?? { highest: '', messages: new Map() }
      producers.set(`${stage}/${shard}/${group}`, producer)
      const found = taken(producer, chunk)
      if (found !== undefined)
        wrong.push(
          `Stage "${name}", key group ${group}: ${found}, from ${stage}/${shard}, in record ${sequence} of ${id}`,
        )
    }
  }
  return wrong
}

function taken(producer: Producer, chunk: Chunk): string | undefined {
  for (let i = 0; i < chunk.count; i++) {
    const position = chunk.positionAt(i)
    const message = textOf(chunk, i)
    const before = producer.messages.get(position)
    if (before === undefined) {
      if (position <= producer.highest) return `a message at ${position} comes behind one at ${producer.highest}`
      producer.messages.set(position, message)
      producer.highest = position
    } else if (before !== message) {
      return `position ${position} means two messages, ${before} and ${message}`
    }
  }
  return undefined
}

function textOf({ keyIds, keyIndexes, edges, weights, times, values }: Chunk, i: number): string {
  const parts = [keyIds[keyIndexes[i]], edges[i], weights[i], times[i], values?.[i]]
  return JSON.stringify(parts, (_, value) => (typeof value === 'bigint' ? `${value}n` : value))
}

/** Nothing where the record is a control record: a tick, say. */
export function chunkIn(data: Uint8Array): Chunk | undefined {
  return decodeControl(Buffer.from(data.buffer, data.byteOffset, data.byteLength)) === undefined
    ? decodeChunk(data)
    : undefined
}
