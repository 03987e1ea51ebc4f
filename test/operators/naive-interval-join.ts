import { beginningOfTime } from '../../shared/model/event-time.ts'
import type { JoinType } from '../../shared/operators/joins/join-types.ts'
import type { Item, Outcome, Step } from './join-play.ts'

export type IntervalSettings = {
  readonly type: JoinType
  readonly before: number
  readonly after: number
  readonly until: ((left: Item) => number) | undefined
  readonly where: ((left: Item, right: Item) => boolean) | undefined
  readonly lateness: number
}

type Held = { readonly item: Item; readonly due: number; readonly met: Item[] }

export const pairText = (left: Item | undefined, right: Item | undefined): string =>
  `${(left ?? right)?.key} ${left?.id}-${right?.id}`

/** Step by step with plain lists: a record is held until the watermark reaches its last match and the lateness. */
export function naiveIntervalJoin(settings: IntervalSettings, steps: readonly Step[]): Outcome {
  const { type, lateness } = settings
  const rows: string[] = []
  const expired: [string[], string[]] = [[], []]
  let late = 0
  let watermark = beginningOfTime
  let lefts: Held[] = []
  let rights: Held[] = []
  const give = (text: string, time: number) => rows.push(`${text}@${time}`)
  /** Left records of a semi join go when their earliest pair is certain. */
  const settleSemi = () => {
    if (type !== 'semi') return
    lefts = lefts.filter(({ item, met }) => {
      const first = Math.min(...met.map(right => right.time))
      if (first > item.time && first > watermark) return true
      give(`${item.key} ${item.id}`, Math.max(first, item.time))
      return false
    })
  }
  for (const step of steps) {
    if (step.kind === 'record') {
      const { item } = step
      const held: Held = { item, due: lastMatch(settings, item) + lateness, met: [] }
      if (held.due <= watermark) {
        expired[item.side].push(item.id)
        continue
      }
      if (item.time <= watermark) late++
      for (const other of item.side === 0 ? rights : lefts) {
        const [left, right] = item.side === 0 ? [held, other] : [other, held]
        if (!isPair(settings, left.item, right.item)) continue
        left.met.push(right.item)
        right.met.push(left.item)
        if (type !== 'semi' && type !== 'anti') {
          give(pairText(left.item, right.item), Math.max(left.item.time, right.item.time))
        }
      }
      if (item.side === 0) lefts.push(held)
      else rights.push(held)
      settleSemi()
    }
    if (step.kind === 'advance' && step.to > watermark) {
      watermark = step.to
      settleSemi()
      for (const { item, due, met } of lefts) {
        if (due > watermark || met.length > 0) continue
        if (type === 'anti') give(`${item.key} ${item.id}`, due)
        if (type === 'left' || type === 'full') give(pairText(item, undefined), due)
      }
      for (const { item, due, met } of rights) {
        if (due > watermark || met.length > 0) continue
        if (type === 'right' || type === 'full') give(pairText(undefined, item), due)
      }
      lefts = lefts.filter(held => held.due > watermark)
      rights = rights.filter(held => held.due > watermark)
    }
  }
  return { rows, late, expired: expired[0].length + expired[1].length, sideLeft: expired[0], sideRight: expired[1] }
}

/** All records at once, as SQL would: what the join gives when none is late. */
export function definedIntervalJoin(settings: IntervalSettings, items: readonly Item[]): string[] {
  const { type, lateness } = settings
  const lefts = items.filter(item => item.side === 0)
  const rights = items.filter(item => item.side === 1)
  const timeOf = (left: Item, right: Item) => Math.max(left.time, right.time)
  const pairs = lefts.flatMap(left =>
    rights.filter(right => isPair(settings, left, right)).map(right => [left, right] as const),
  )
  const alone = (side: readonly Item[], which: 0 | 1) => side.filter(item => !pairs.some(pair => pair[which] === item))
  const dueOf = (item: Item) => lastMatch(settings, item) + lateness
  switch (type) {
    case 'semi': {
      const met = lefts.filter(left => pairs.some(([other]) => other === left))
      return met.map(left => {
        const times = pairs.filter(([other]) => other === left).map(([, right]) => timeOf(left, right))
        return `${left.key} ${left.id}@${Math.min(...times)}`
      })
    }
    case 'anti':
      return alone(lefts, 0).map(left => `${left.key} ${left.id}@${dueOf(left)}`)
    default: {
      const rows = pairs.map(([left, right]) => `${pairText(left, right)}@${timeOf(left, right)}`)
      const hasLeft = type === 'left' || type === 'full'
      const hasRight = type === 'right' || type === 'full'
      if (hasLeft) rows.push(...alone(lefts, 0).map(left => `${pairText(left, undefined)}@${dueOf(left)}`))
      if (hasRight) rows.push(...alone(rights, 1).map(right => `${pairText(undefined, right)}@${dueOf(right)}`))
      return rows
    }
  }
}

const untilOf = ({ until, after }: IntervalSettings, left: Item): number =>
  until === undefined ? left.time + after : Math.max(left.time, until(left))

const lastMatch = (settings: IntervalSettings, item: Item): number =>
  item.side === 0 ? untilOf(settings, item) : item.time + settings.before

const isPair = (settings: IntervalSettings, left: Item, right: Item): boolean =>
  left.key === right.key &&
  right.time >= left.time - settings.before &&
  right.time <= untilOf(settings, left) &&
  (settings.where === undefined || settings.where(left, right))
