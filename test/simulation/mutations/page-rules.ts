import { type Mutation, wraps } from './mutation.ts'

const paging = 'shared/commit/paging.ts'
const logged = 'shared/runtime/logged.ts'
const pageStep = "  if ((await pageBefore(environment, state, report)) === 'stale') return again\n"
const cutStep = '  const change = cutCommit(environment, state, units, knowledge)\n'

/** Protocol: state and pages. */
export const pageRules: readonly Mutation[] = [
  {
    name: 'never-paged',
    rule: 'A key group is paged before its oldest unpaged delta would leave the ring',
    edits: [
      {
        file: 'shared/runtime/commit.ts',
        find: '(isLarge || unpagedSince <= version + 1 - ring)',
        replace: 'isLarge && unpagedSince <= version + 1 - ring',
      },
    ],
    climate: wraps,
  },
  {
    name: 'page-of-the-run',
    rule: 'A page is as of an already committed version v',
    edits: [
      { file: logged, find: pageStep, replace: '' },
      { file: logged, find: cutStep, replace: pageStep + cutStep },
    ],
    climate: wraps,
  },
  {
    name: 'page-named-later',
    rule: 'A page … is named by the commit whose predecessor is v, or never',
    edits: [
      {
        file: 'shared/runtime/shard-state.ts',
        find: 'map(({ group, page }) => {\n      const hold',
        replace: 'map(({ group, named: page }) => {\n      const hold',
      },
    ],
    climate: wraps,
  },
  {
    name: 'page-in-the-named-slot',
    rule: 'It goes to the slot that the newest commit does not name',
    edits: [
      {
        file: paging,
        find: 'const slot = otherSlot(before)',
        replace: 'const slot = 0',
      },
    ],
    climate: wraps,
  },
  {
    name: 'page-unconditional',
    rule: 'It goes to the slot … on condition that what is there is older',
    edits: [
      {
        file: 'local/cloud/commit-log.ts',
        find: 'if (held !== undefined && Number(held.mark) >= part.version)',
        replace: 'if (held !== undefined && part.version < 0)',
      },
    ],
    climate: wraps,
  },
  {
    name: 'equal-page-is-stale',
    rule: 'An equal version with equal bytes is success',
    edits: [
      {
        file: paging,
        find: "if (outcome.held.version > version) return { kind: 'stale' }",
        replace: "if (outcome.held.version >= version) return { kind: 'stale' }",
      },
    ],
    climate: wraps,
  },
  {
    name: 'any-page-read',
    rule: 'A reader checks that each page item bears exactly the named version; otherwise it is stale',
    edits: [
      {
        file: paging,
        find: 'parts.filter(part => part.version === page.version).sort(',
        replace: 'parts.filter(part => part.version >= 0).sort(',
      },
    ],
    climate: wraps,
  },
]
