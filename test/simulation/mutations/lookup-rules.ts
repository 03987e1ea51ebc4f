import type { Mutation } from './mutation.ts'

/** What lookups rest on. */
export const lookupRules: readonly Mutation[] = [
  {
    name: 'run-without-answers-believed',
    rule: 'Nothing of a run that lacks an answer is believed or appended',
    edits: [
      {
        file: 'shared/runtime/logged.ts',
        find: "  if (answers.isLacking) return ask()\n  if (outcome.kind === 'threw')",
        replace: "  if (outcome.kind === 'threw')",
      },
    ],
  },
  {
    name: 'source-not-taken-back',
    rule: "After a run that lacks an answer a source's shard goes back to where it began",
    edits: [{ file: 'shared/runtime/lookup-round.ts', find: '    state.backTo(mark)\n', replace: '' }],
  },
  {
    name: 'first-answers-may-wait',
    rule: 'The first unit of an invocation gets all its answers, whatever the time',
    edits: [
      {
        file: 'shared/runtime/lookup-answers.ts',
        find: 'mayNotWait: !this.#hasCommitted && this.#unitsDone() <= 0',
        replace: 'mayNotWait: false',
      },
    ],
  },
]
