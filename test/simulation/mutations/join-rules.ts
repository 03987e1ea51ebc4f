import type { Mutation } from './mutation.ts'

const joinState = 'shared/operators/joins/join-state.ts'
const versions = 'shared/operators/tables/versioned-join.ts'

/** Joins: what they keep, and when they answer. */
export const joinRules: readonly Mutation[] = [
  {
    name: 'match-not-marked',
    rule: 'A record that has met another is marked in state: it does not go out alone',
    edits: [
      {
        file: joinState,
        find: '    cell.value[3] = true\n    this.#store.touch(cell)\n  }\n\n  /** It has met',
        replace: '    cell.value[3] = true\n  }\n\n  /** It has met',
      },
    ],
    trial: 'joins',
  },
  {
    name: 'joined-records-stay',
    rule: 'What no record in time can match any more is dropped at the watermark',
    edits: [
      {
        file: joinState,
        find: '      if (!this.#isInOrder) this.#byTime?.remove(cell)\n      this.#store.delete(cell)\n',
        replace: '      if (!this.#isInOrder) this.#byTime?.remove(cell)\n',
      },
    ],
    trial: 'joins',
  },
  {
    name: 'join-timers-not-rebuilt',
    rule: 'Timers are derived from state again after a load',
    edits: [
      {
        file: 'shared/operators/joins/interval-join.ts',
        find: '      for (const key of this.#state.keys(group)) timers.schedule(key, key.earliestDue)\n',
        replace: '',
      },
    ],
    trial: 'joins',
  },
  {
    name: 'versions-not-waited-for',
    rule: 'A record is joined with versions when the watermark passes its time, as no version in time comes then',
    edits: [
      {
        file: versions,
        find: '    if (time > watermark) {\n      const records',
        replace:
          '    if (time > watermark) return this.#join(this.#combineLate, group, id, value, time)\n    if (time > watermark) {\n      const records',
      },
    ],
    trial: 'joins',
  },
  {
    name: 'version-timer-not-set-again',
    rule: 'A timer that has fired is set again for what is due next',
    edits: [
      {
        file: versions,
        find: '    this.#dropVersions(group, id, at)\n    this.#schedule(group, id)\n',
        replace: '    this.#dropVersions(group, id, at)\n',
      },
    ],
    trial: 'joins',
  },
  {
    name: 'older-answers-accepted',
    rule: 'An answer to an older subscription than the newest that is known of a left row is dropped',
    edits: [
      {
        file: 'shared/operators/tables/foreign-key-joined.ts',
        find: '    if (answer.number < Math.max(known.left?.number ?? 0, known.answer?.number ?? 0)) return\n    known.answer = answer\n    if (known.left?.number === answer.number) this.#put',
        replace: '    known.answer = answer\n    if (known.left !== undefined) this.#put',
      },
    ],
    trial: 'tables',
  },
]
