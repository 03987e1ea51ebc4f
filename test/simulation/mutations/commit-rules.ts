import { cuts, type Mutation } from './mutation.ts'

const logged = 'shared/runtime/logged.ts'
const load = 'shared/runtime/load.ts'
const state = 'shared/runtime/shard-state.ts'

const appendStep = "  if ((await append(environment, state, change, report)) === 'stale') return again\n"
const sent = '  report.messagesOut += state.outbox.messagesOut\n'

/** Protocol: two kinds of stage, and the commit. */
export const commitRules: readonly Mutation[] = [
  {
    name: 'goes-on-after-failure',
    rule: 'At the first record that fails it stops, publishes nothing after it',
    edits: [
      {
        file: 'shared/runtime/transient.ts',
        find: '    if (i > 0 && isOutOfTime()) return',
        replace: '    var end\n    if (i > 0 && isOutOfTime()) return',
      },
      {
        file: 'shared/runtime/transient.ts',
        find: '      return { next: outcome.sequence, failure: outcome.error }\n',
        replace: '      end ??= { next: outcome.sequence, failure: outcome.error }\n      continue\n',
      },
      { file: 'shared/runtime/transient.ts', find: '  return {}\n', replace: '  return end ?? {}\n' },
    ],
    trial: 'retrying',
  },
  {
    name: 'watermark-beyond-failure',
    rule: 'At the first record that fails … its watermark is as of before it',
    edits: [
      {
        file: 'shared/runtime/transient.ts',
        find: '    output = chain.chunks(',
        replace: `    const rest = {
      begin: () => undefined,
      run() {},
      takeBack() {},
      isFull: () => false,
      deadLetter() {},
      advance: (watermark: number, own: number) => chain.advance(watermark, own),
    }
    const ahead = new SourceReader(stage.input.source, place, shard.range, { recordsIn: 0, malformed: 0, failed: 0, deadLetters: 0 })
    const after = end.failure ? batch.records.findIndex(record => record.sequence === end.next) + 1 : batch.records.length
    for (const later of batch.records.slice(after)) ahead.read(later, 0, -1, rest)
    output = chain.chunks(`,
      },
    ],
    trial: 'retrying',
  },
  {
    name: 'publish-before-commit',
    rule: 'Commit, then publish, then return',
    edits: [
      {
        file: logged,
        find: appendStep,
        replace: `  state.unpublished = change.outbox
  state.head.version++
  await publish(environment, state, report)
  state.head.version--
${appendStep}`,
      },
    ],
  },
  {
    name: 'outbox-not-committed',
    rule: 'The commit holds the state delta and the outputs (the outbox), so the published bytes are fixed once committed',
    edits: [
      {
        file: logged,
        find: 'const encoded = encodeChange(state, { delta, outbox })',
        replace:
          'const encoded = encodeChange(state, { delta, outbox: { chunks: [], views: [], letters: [], streams: [], files: [], calls: [] } })',
      },
    ],
  },
  {
    name: 'append-unconditional',
    rule: 'Append of version n puts the item on condition that the slot holds version n − R',
    edits: [
      {
        file: 'local/cloud/commit-log.ts',
        find: 'const isNext = held === undefined ? version < start + ring : Number(held.mark) === version - ring',
        replace: 'const isNext = held === undefined ? version < start + ring : true',
      },
    ],
  },
  {
    name: 'failed-condition-ignored',
    rule: 'Any failed condition means stale: load, and begin again',
    edits: [
      {
        file: 'shared/runtime/commit.ts',
        find: "  if (outcome === 'stale') return 'stale'\n",
        replace: "  if (outcome === 'stale') head.version += 0\n",
      },
    ],
  },
  {
    name: 'load-publishes-nothing',
    rule: 'A load publishes the newest outbox again',
    edits: [{ file: load, find: 'state.unpublished = body.outbox', replace: 'state.unpublished = undefined' }],
  },
  {
    name: 'append-before-published',
    rule: 'An append implies that everything before it has been published',
    edits: [{ file: logged, find: `${sent}  await publish(environment, state, report)\n`, replace: sent }],
  },
  {
    name: 'through-at-unfinished-record',
    rule: 'through stays before an unfinished record',
    edits: [
      {
        file: logged,
        find: "      if (outcome !== 'taken') return outcome\n      state.head.through = { sequence, sub: Number.MAX_SAFE_INTEGER }\n",
        replace: `      if (outcome === 'taken' || outcome.kind === 'cut') state.head.through = { sequence, sub: Number.MAX_SAFE_INTEGER }
      if (outcome !== 'taken') return outcome
`,
      },
    ],
    climate: cuts,
  },
  {
    name: 'watermark-at-unfired-timer',
    rule: "While timers are unfired the committed watermark is strictly below the next one's time",
    edits: [
      {
        file: state,
        find: 'Math.max(this.context.watermarks[group], at - 1)',
        replace: 'Math.max(this.context.watermarks[group], at)',
      },
    ],
    climate: cuts,
  },
  {
    name: 'fired-timers-forgotten',
    rule: 'While timers are unfired … those of the same time that have fired do not fire again',
    edits: [
      {
        file: state,
        find: 'if (last !== undefined && last.at === at) this.#cuts.set(group, last)',
        replace: 'if (last === undefined) this.#cuts.delete(group)',
      },
    ],
    climate: cuts,
  },
  {
    name: 'state-stays-in-cache',
    rule: 'An invocation takes the state out of the cache',
    edits: [{ file: 'shared/runtime/environment.ts', find: '    this.#states.delete(shard)\n', replace: '' }],
  },
  {
    name: 'state-kept-before-append',
    rule: 'It puts the state back only when append … has succeeded',
    edits: [{ file: logged, find: appendStep, replace: `  environment.keep(state)\n${appendStep}` }],
  },
  {
    name: 'state-kept-before-publish',
    rule: 'It puts the state back only when … publish has succeeded',
    edits: [
      {
        file: logged,
        find: sent,
        replace: `${sent}  environment.keep(state)\n`,
      },
    ],
  },
  {
    name: 'exception-believed',
    rule: 'A run on cached state is speculative: until its append succeeds nothing it saw is believed, neither an exception …',
    edits: [
      {
        file: logged,
        find: 'if (isSameUnit(knowledge.suspect, place)) knowledge.poison = { place, error }',
        replace: 'knowledge.poison = { place, error }',
      },
    ],
    trial: 'ordered',
  },
  {
    name: 'torn-load',
    rule: 'A load … checks that every version in (newest − R, newest], not below start, is there',
    edits: [
      { file: 'shared/commit/ring.ts', find: 'return isWhole ?', replace: 'return isWhole || kept.length > 0 ?' },
    ],
    trial: 'torn',
    // After 267 seeds from 1 on.
    firstSeed: 251,
  },
]
