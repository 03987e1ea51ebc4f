import { type Mutation, reshards } from './mutation.ts'

const handOver = 'shared/runtime/hand-over.ts'
const pageStep = "  if ((await pageBefore(environment, state, report)) === 'stale') return 'stale'\n"

/** Protocol: reshard. */
export const reshardRules: readonly Mutation[] = [
  {
    name: 'no-seal',
    rule: 'Append the seal',
    edits: [
      {
        file: handOver,
        find: "  if ((await append(environment, state, { delta: [], outbox: emptyOutbox, sealed: true }, report)) === 'stale')\n    return 'stale'\n",
        replace: '  state.unpublished = emptyOutbox\n',
      },
    ],
    climate: reshards,
  },
  {
    name: 'parent-without-log-skipped',
    rule: 'For each parent: without a log … open it as its own first invocation would, from its parents, recursively',
    edits: [
      {
        file: handOver,
        find: '    const state = await seal(environment, parent, report)\n',
        replace:
          '    if ((await load(environment, parent)) === undefined) continue\n    const state = await seal(environment, parent, report)\n',
      },
      {
        file: handOver,
        find: 'Math.max(...sealed.map(parent => parent.head.version)) + 1',
        replace: 'Math.max(-1, ...sealed.map(parent => parent.head.version)) + 1',
      },
    ],
    climate: reshards,
  },
  {
    name: 'seal-names-no-pages',
    rule: "Page what the seal's slot still holds for every key group, and append the seal, which names those pages",
    edits: [{ file: handOver, find: pageStep, replace: '' }],
    climate: reshards,
  },
  {
    name: 'child-pages-nothing',
    rule: 'The child pages the dirty key groups of its own hash range as of the sealed version',
    edits: [
      {
        file: handOver,
        find: 'inherited.filter(info => info.unpagedSince !== undefined)',
        replace: 'inherited.filter(info => info.unpagedSince !== undefined && info.group < 0)',
      },
    ],
    climate: reshards,
  },
  {
    name: 'child-begins-at-zero',
    rule: "Appends its start commit above every parent's version",
    edits: [
      {
        file: handOver,
        find: 'const start = Math.max(...sealed.map(parent => parent.head.version)) + 1',
        replace: 'const start = 0',
      },
    ],
    climate: reshards,
  },
  {
    name: 'child-begins-above-one-parent',
    rule: "Appends its start commit above every parent's version",
    edits: [
      {
        file: handOver,
        find: 'const start = Math.max(...sealed.map(parent => parent.head.version)) + 1',
        replace: 'const start = Math.min(...sealed.map(parent => parent.head.version)) + 1',
      },
    ],
    climate: reshards,
  },
]
