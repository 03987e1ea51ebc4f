import { type Mutation, parts } from './mutation.ts'

const messages = 'shared/runtime/run-messages.ts'
const publisher = 'shared/emit/publisher.ts'

/** Protocol: chunks and dedup. */
export const chunkRules: readonly Mutation[] = [
  {
    name: 'refused-records-dropped',
    rule: 'A producer never puts chunk i + 1 of a key group before chunk i was acknowledged',
    edits: [
      {
        file: publisher,
        find: '    if (refused.length === 0) return\n',
        replace: '    if (refused.length >= 0) return\n',
      },
    ],
  },
  {
    name: 'publish-not-awaited',
    rule: 'A producer never puts chunk i + 1 of a key group before chunk i was acknowledged (one commit after the other)',
    edits: [
      {
        file: 'shared/runtime/publish.ts',
        find: '    publishChunks(ports, producer, outbox.chunks),\n',
        replace: '    void publishChunks(ports, producer, outbox.chunks),\n',
      },
    ],
  },
  {
    name: 'parts-side-by-side',
    rule: 'Parts of an oversized one go one after the other',
    edits: [
      {
        file: publisher,
        find: '      for (const records of ofStream) await putAll(ports, stream, records)\n',
        replace: '      await putAll(ports, stream, ofStream.flat())\n',
      },
    ],
    climate: parts,
  },
  {
    name: 'no-dedup',
    rule: 'A receiver keeps, per (key group, producer), the highest position taken, and drops every message at or below it',
    edits: [
      {
        file: messages,
        find: 'const first = firstAbove(chunk, producer.value.position)',
        replace: 'const first = 0 * firstAbove(chunk, producer.value.position)',
      },
    ],
  },
  {
    name: 'positions-not-committed',
    rule: "Dedup positions, producers' watermarks and timers are ordinary state",
    edits: [
      {
        file: 'shared/time/producers.ts',
        find: '    if (cell.value.arrivalMs < arrivalMs) cell.value.arrivalMs = arrivalMs\n    this.#store.touch(cell)\n',
        replace: '    if (cell.value.arrivalMs < arrivalMs) cell.value.arrivalMs = arrivalMs\n',
      },
    ],
  },
  {
    name: 'source-not-dropped',
    rule: 'Logged stages on a source drop what is at or below through',
    edits: [
      {
        file: 'shared/runtime/logged.ts',
        find: '  const left = items.filter(item => isBeyond(state, item.record))\n',
        replace:
          '  const left = knowledge.isResumed ? items.filter(item => isBeyond(state, item.record)) : [...items]\n',
      },
    ],
  },
  {
    name: 'watermark-for-all-groups',
    rule: "A watermark belongs to (key group, producer): a chunk moves only its own key group's",
    edits: [
      {
        file: messages,
        find: 'chunk === undefined ? state.groups.keys() : [chunk.header.group]',
        replace: 'chunk === undefined ? state.groups.keys() : state.groups.keys()',
      },
      {
        file: messages,
        find: '    return this.#pass(record, producers, merged)\n',
        replace: `    const passed = this.#pass(record, producers, merged)
    if (passed === 'taken' && watermark !== undefined) {
      for (const other of this.#state.producers.values()) {
        if (other === producers) continue
        const said = other.advance(other.hear(stage, shard, lineage, record.arrivalMs), watermark, record.arrivalMs)
        const outcome = this.#pass(record, other, said)
        if (outcome !== 'taken') return outcome
      }
    }
    return passed
`,
      },
    ],
  },
  {
    name: 'watermark-before-messages',
    rule: 'Messages first, then the watermark',
    edits: [
      {
        file: messages,
        find: '    const outcome = this.#messages(record, chunk, producers, producer)\n',
        replace: `    if (watermark !== undefined) {
      const early = this.#pass(record, producers, producers.advance(producer, watermark, record.arrivalMs))
      if (early !== 'taken') return early
    }
    const outcome = this.#messages(record, chunk, producers, producer)
`,
      },
    ],
  },
  {
    name: 'watermark-on-every-part',
    rule: 'Of an oversized chunk only the last part carries the watermark',
    edits: [
      {
        file: 'shared/emit/shuffle-writer.ts',
        find: 'watermark: last ? watermark : undefined',
        replace: 'watermark: last || from >= 0 ? watermark : undefined',
      },
    ],
    climate: parts,
  },
]
