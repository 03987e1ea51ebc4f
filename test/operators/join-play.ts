import assert from 'node:assert/strict'
import { encodePage } from '../../shared/commit/paging.ts'
import { endOfTime } from '../../shared/model/event-time.ts'
import type { JoinDefinition } from '../../shared/operators/joins/join-types.ts'
import type { Random } from '../codecs/random.ts'
import { Harness } from './harness.ts'

/** A record of a join's test. */
export type Item = {
  readonly side: 0 | 1
  readonly key: string
  readonly id: string
  readonly n: number
  readonly time: number
}

export type Step =
  | { readonly kind: 'record'; readonly item: Item }
  | { readonly kind: 'advance'; readonly to: number }
  | { readonly kind: 'commit' }

/** What came of a play: rows as `text@time`, in the order in which they went out; keys come first in the texts. */
export type Outcome = {
  readonly rows: readonly string[]
  readonly late: number
  readonly expired: number
  readonly sideLeft: readonly string[]
  readonly sideRight: readonly string[]
}

/** Random records, on time and late, watermarks and commits. */
export function randomSteps(
  random: Random,
  { count = 120, latest = 40 }: { count?: number; latest?: number } = {},
): Step[] {
  let now = random.pick([-200, 0, 1_458_678_000_000])
  const steps: Step[] = []
  for (let i = 0; i < count; i++) {
    const dice = random.below(10)
    if (dice < 7) {
      const time = now + (random.below(4) === 0 ? random.between(-latest, 0) : random.between(1, 14))
      const item: Item = {
        side: random.below(2) === 0 ? 0 : 1,
        key: random.pick(['a', 'b']),
        id: `${i}`,
        n: random.below(9),
        time,
      }
      steps.push({ kind: 'record', item })
    } else if (dice < 9) {
      now += random.between(0, 12)
      steps.push({ kind: 'advance', to: now })
    } else {
      steps.push({ kind: 'commit' })
    }
  }
  return [...steps, { kind: 'advance', to: endOfTime }]
}

/** Plays the steps, and says what is kept after each commit; with `faults`, commits are cut between timers, and the operator is restarted after some of them. */
export function play(
  definition: JoinDefinition,
  steps: readonly Step[],
  faults: Random | undefined,
): Outcome & { readonly pages: readonly string[] } {
  const rows: string[] = []
  const pages: string[] = []
  const sides: Record<string, string[]> = { left: [], right: [] }
  /** Results of a record that was late may be behind the watermark, no others. */
  let isLate = false
  const harness = new Harness(context =>
    definition.create('join', context, {
      push: (value, time) => {
        assert.ok(isLate || time > harness.watermark, `row ${value} at ${time} is behind ${harness.watermark}`)
        rows.push(`${value}@${time}`)
      },
      side: name => value => sides[name].push((value as Item).id),
    }),
  )
  const afterCommit = () => {
    if (faults?.below(3) === 0) harness.page()
    if (faults?.below(2) === 0) harness.restart()
  }
  for (const step of steps) {
    if (step.kind === 'record') {
      const { key, time, side } = step.item
      isLate = time <= harness.watermark
      harness.process(key, step.item, time, side)
      isLate = false
    } else if (step.kind === 'advance') {
      harness.advance(step.to, () => faults?.below(4) === 0, afterCommit)
    } else {
      harness.commit()
      pages.push(encodePage(harness.operator.stores, 0).toString('hex'))
      afterCommit()
    }
  }
  harness.commit()
  assert.ok(harness.isEmpty, 'no state is left at the end of time')
  const { late, expired } = harness.tallies
  return { rows, late, expired, sideLeft: sides.left, sideRight: sides.right, pages }
}

/** The rows of each key in their order: between keys there is none. */
export function byKey(rows: readonly string[]): Record<string, string[]> {
  const lists: Record<string, string[]> = {}
  for (const row of rows) {
    const [key] = row.split(' ')
    lists[key] ??= []
    lists[key].push(row)
  }
  return lists
}
