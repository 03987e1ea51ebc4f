import type { Mutation } from './mutation.ts'

/** Protocol: sinks, and what is asked of Lambda's event source mapping. */
export const sinkRules: readonly Mutation[] = [
  {
    name: 'row-unconditional',
    rule: 'View: one row per key, single conditional writes: only if its position is older',
    edits: [
      {
        file: 'local/cloud/views.ts',
        find: '        if (held !== undefined && held.mark >= row.position) continue\n',
        replace: '        if (held !== undefined && held.mark === row.position) continue\n',
      },
    ],
  },
  {
    name: 'no-tombstone',
    rule: 'A delete is a tombstone with position and a TTL of a day or more',
    edits: [
      {
        file: 'local/cloud/views.ts',
        find: '        this.#storage.items.put(partition(view), row.key, itemOf(view, row, nowMs))\n',
        replace: `        if (row.value === undefined) this.#storage.items.delete(partition(view), row.key)
        else this.#storage.items.put(partition(view), row.key, itemOf(view, row, nowMs))
`,
      },
    ],
  },
  {
    name: 'retries-end',
    rule: 'Lambda must not give up on a batch: retries and record age unlimited',
    edits: [
      {
        file: 'local/event-source/settings.ts',
        find: '    maximumRetryAttempts: -1,\n',
        replace: '    maximumRetryAttempts: 1,\n',
      },
      {
        file: 'local/event-source/shard-worker.ts',
        find: '      await this.#tellDestination(decision.discarded, decision.condition, invocation)\n',
        replace: '',
      },
    ],
  },
  {
    name: 'replaced-mapping-at-newest',
    rule: 'A mapping that is replaced starts where the old one stood, never at the newest record',
    edits: [
      {
        file: 'local/event-source/event-source-mapping.ts',
        find: "    if (cloud.checkpoints.all(name).size > 0) return\n    const through = startingPosition === 'LATEST' ? ",
        replace: "    const through = startingPosition === 'LATEST' || cloud.checkpoints.all(name).size > 0 ? ",
      },
    ],
  },
]
