import type { Mutation } from './mutation.ts'

const panes = 'shared/operators/panes/pane-aggregate.ts'
const processTimers = 'shared/operators/process/process-timers.ts'

/** What operators rely on, and what they keep. */
export const operatorRules: readonly Mutation[] = [
  {
    name: 'broadcast-misses-a-key-group',
    rule: 'What is broadcast reaches every key group',
    edits: [
      {
        file: 'shared/emit/shuffle-writer.ts',
        find: '    for (let group = 0; group < this.target.groups; group++) {\n      this.#everyGroup',
        replace: '    for (let group = 0; group < this.target.groups - 1; group++) {\n      this.#everyGroup',
      },
    ],
    trial: 'functions',
  },
  {
    name: 'records-at-one-position',
    rule: "In a source's log, what a record puts out stands where the record does",
    edits: [
      {
        file: 'shared/runtime/outbox-builder.ts',
        find: 'if (this.#majors.at(-1) !== sequence) this',
        replace: 'if (this.#majors.length === 0) this',
      },
    ],
  },
  {
    name: 'gone-rows-not-told',
    rule: 'An operator that takes rows is told of those that are gone',
    edits: [
      {
        file: 'shared/runtime/chain.ts',
        find: 'if (origin !== undefined) operator.process({ group',
        replace: 'if (origin !== undefined && value !== undefined) operator.process({ group',
      },
    ],
    trial: 'tables',
  },
  {
    name: 'timers-of-one-time-by-name',
    rule: 'Of timers of one time, none fires before that of an operator whose rows it takes',
    edits: [
      {
        file: 'shared/runtime/chain.ts',
        find: '  return Math.max(...node.inputs.map(input => (isRowNode(input) ? rowDepthOf(input) + 1 : 0)))',
        replace: '  return 0',
      },
    ],
    trial: 'tables',
  },
  {
    name: 'pane-changes-nothing',
    rule: 'A pane that went out is state: its records are not told again',
    edits: [
      {
        file: panes,
        find: '    const window = cell.value\n    this.#cancel(cell)\n    this.#windows.touch(cell)\n',
        replace: '    const window = cell.value\n    this.#cancel(cell)\n',
      },
    ],
    trial: 'windows',
  },
  {
    name: 'process-timers-stay',
    rule: 'A timer that has fired is gone from state',
    edits: [
      {
        file: processTimers,
        find: '    this.store.delete(cell)\n    return { ...timerOf(sub)',
        replace: '    return { ...timerOf(sub)',
      },
    ],
    trial: 'functions',
  },
  {
    name: 'process-timers-not-rebuilt',
    rule: 'Timers are derived from state again after a load',
    edits: [
      {
        file: processTimers,
        find: '          if (timer.kind === kind) heap',
        replace: '          if (timer.kind === undefined) heap',
      },
    ],
    trial: 'functions',
  },
  {
    name: 'repeats-forgotten-early',
    rule: 'What went out is remembered until the watermark has passed all that is near to it',
    edits: [
      {
        file: 'shared/operators/distribution/distinct-within.ts',
        find: 'to + withinMs - 1 + latenessMs',
        replace: 'to + latenessMs',
      },
    ],
    trial: 'functions',
  },
  {
    name: 'table-group-not-marked',
    rule: 'State that changes is marked, so that it goes into the commit',
    edits: [
      { file: 'shared/operators/tables/table-aggregate.ts', find: '    this.#groups.touch(cell)\n', replace: '' },
    ],
    trial: 'tables',
  },
  {
    name: 'feed-repeats-count',
    rule: 'Of records with one id the first that claims it counts',
    edits: [
      {
        file: 'shared/runtime/repeats.ts',
        find: 'if (!answers[i]) repeats.add(own)',
        replace: 'if (answers[i] === undefined) repeats.add(own)',
      },
    ],
  },
]
