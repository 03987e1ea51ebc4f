import { type Mutation, reshards } from './mutation.ts'

const producers = 'shared/time/producers.ts'
const announced =
  '      for (const other of lineage.shards) this.#announce(stage, other.id, other.parents, arrivalMs)\n'

/** Protocol: who is active, and what the watermark of a key group is. */
export const watermarkRules: readonly Mutation[] = [
  {
    name: 'greatest-watermark',
    rule: "A key group's watermark is the minimum over its active producers",
    edits: [
      {
        file: producers,
        find: 'state.arrivalMs >= idleBefore && state.watermark < least',
        replace: 'state.arrivalMs >= idleBefore && (state.watermark > least || least === Number.POSITIVE_INFINITY)',
      },
    ],
  },
  {
    name: 'input-not-waited-for',
    rule: 'Each input stage of the plan holds the watermark until one of its producers was announced',
    edits: [
      {
        file: producers,
        find: '      if (counted.length === 0) return this.watermark\n',
        replace: '      if (counted.length === 0) continue\n',
      },
    ],
  },
  {
    name: 'announcements-replace',
    rule: 'Announcements only add',
    edits: [
      {
        file: producers,
        find: announced,
        replace: `${announced}      const named = new Set(lineage.shards.map(other => producerOf(stage, other.id)))
      for (const other of this.#store.cells(this.group)) {
        if (other.value.stage !== stage || other.id === cell.id || named.has(other.id) || other.value.isRetired) continue
        other.value.isRetired = true
        this.#store.touch(other)
        this.#counted = undefined
      }
`,
      },
    ],
    climate: reshards,
  },
  {
    name: 'siblings-not-announced',
    rule: "A shard's first chunk announces all shards of its stage with their parents",
    edits: [{ file: producers, find: announced, replace: '' }],
  },
  {
    name: 'closed-not-announced',
    rule: 'A shard’s first chunk announces … closed ones still listed included (they may hold backlog)',
    edits: [
      {
        file: 'shared/model/lineage.ts',
        find: 'shards: listed.map(({ id, parents }) => ({ id, parents }))',
        replace:
          'shards: listed.filter(({ id }) => id === shard || !listed.some(other => other.parents.includes(id))).map(({ id, parents }) => ({ id, parents }))',
      },
    ],
    trial: 'resharding',
  },
  {
    name: 'only-parents-retired',
    rule: "A child's chunks name all ancestors, which retires those",
    edits: [
      {
        file: 'shared/model/lineage.ts',
        find: '      ancestors.add(parent)\n      climb(parent)\n',
        replace: '      ancestors.add(parent)\n',
      },
    ],
    climate: reshards,
  },
  {
    name: 'nobody-retired',
    rule: "A child's chunks … which retires those",
    edits: [
      {
        file: producers,
        find: '      for (const ancestor of lineage.ancestors) this.#retire(stage, ancestor, arrivalMs)\n',
        replace: '',
      },
    ],
    climate: reshards,
  },
  {
    name: 'positions-end-with-the-producer',
    rule: "Retiring ends a producer's say in the watermark; its dedup positions stay",
    edits: [
      {
        file: producers,
        find: '    cell.value.isRetired = true\n',
        replace: "    cell.value.isRetired = true\n    cell.value.position = ''\n",
      },
    ],
    climate: reshards,
  },
]
