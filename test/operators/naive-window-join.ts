import { beginningOfTime } from '../../shared/model/event-time.ts'
import type { JoinType } from '../../shared/operators/joins/join-types.ts'
import type { Window } from '../../shared/windows/window.ts'
import type { Item, Outcome, Step } from './join-play.ts'
import { pairText } from './naive-interval-join.ts'

export type WindowedSettings = {
  readonly type: JoinType | 'coGroup'
  readonly size: number
  readonly hop: number
  readonly where: ((left: Item, right: Item) => boolean) | undefined
  readonly lateness: number
}

type Held = Window & { readonly key: string; readonly lefts: Item[]; readonly rights: Item[]; hasFired: boolean }

export const groupText = (key: string, { end }: Window, lefts: readonly Item[], rights: readonly Item[]): string =>
  `${key} ${end} ${lefts.map(item => item.id)} | ${rights.map(item => item.id)}`

/** Every window of every key on its own, with plain lists. */
export function naiveWindowJoin(settings: WindowedSettings, steps: readonly Step[]): Outcome {
  const { type, size, hop, lateness } = settings
  const rows: string[] = []
  const expired: [string[], string[]] = [[], []]
  let late = 0
  let watermark = beginningOfTime
  const windows = new Map<string, Held>()
  const isPair = settings.where ?? (() => true)
  const give = (text: string, time: number) => rows.push(`${text}@${time}`)
  const pair = (left: Item, right: Item, { end }: Window) => {
    if (type !== 'semi' && type !== 'anti' && type !== 'coGroup' && isPair(left, right)) {
      give(`${pairText(left, right)} ${end}`, end - 1)
    }
  }
  const semi = (left: Item, { end }: Window) => type === 'semi' && give(`${left.key} ${left.id} ${end}`, end - 1)

  const take = (item: Item, held: Held) => {
    const { lefts, rights, hasFired } = held
    if (hasFired && item.side === 0) {
      for (const right of rights) pair(item, right, held)
      if (rights.some(right => isPair(item, right))) semi(item, held)
    }
    if (hasFired && item.side === 1) {
      for (const left of lefts) {
        pair(left, item, held)
        if (isPair(left, item) && !rights.some(right => isPair(left, right))) semi(left, held)
      }
    }
    ;(item.side === 0 ? lefts : rights).push(item)
  }
  const fire = (held: Held) => {
    held.hasFired = true
    for (const left of held.lefts) {
      for (const right of held.rights) pair(left, right, held)
      if (held.rights.some(right => isPair(left, right))) semi(left, held)
    }
  }
  const close = ({ key, start, end, lefts, rights }: Held) => {
    const time = end - 1 + lateness
    const aloneLefts = lefts.filter(left => !rights.some(right => isPair(left, right)))
    const aloneRights = rights.filter(right => !lefts.some(left => isPair(left, right)))
    if (type === 'anti') for (const left of aloneLefts) give(`${key} ${left.id} ${end}`, time)
    if (type === 'left' || type === 'full') {
      for (const left of aloneLefts) give(`${pairText(left, undefined)} ${end}`, time)
    }
    if (type === 'right' || type === 'full') {
      for (const right of aloneRights) give(`${pairText(undefined, right)} ${end}`, time)
    }
    if (type === 'coGroup') give(groupText(key, { start, end }, inOrder(lefts), inOrder(rights)), time)
  }

  for (const step of steps) {
    if (step.kind === 'record') {
      const { item } = step
      const open = startsOf(item.time, size, hop).filter(start => start + size - 1 + lateness > watermark)
      if (open.length === 0) expired[item.side].push(item.id)
      else if (item.time <= watermark) late++
      for (const start of open) {
        const end = start + size
        const name = `${item.key} ${start}`
        const held = windows.get(name) ?? {
          key: item.key,
          start,
          end,
          lefts: [],
          rights: [],
          hasFired: end - 1 <= watermark,
        }
        windows.set(name, held)
        take(item, held)
      }
    }
    if (step.kind === 'advance' && step.to > watermark) {
      watermark = step.to
      for (const [name, held] of windows) {
        if (!held.hasFired && held.end - 1 <= watermark) fire(held)
        if (held.end - 1 + lateness > watermark) continue
        close(held)
        windows.delete(name)
      }
    }
  }
  return { rows, late, expired: expired[0].length + expired[1].length, sideLeft: expired[0], sideRight: expired[1] }
}

/** By trying them all. */
function startsOf(time: number, size: number, hop: number): number[] {
  const starts: number[] = []
  for (let start = time - size + 1; start <= time; start++) if (start % hop === 0) starts.push(start)
  return starts
}

const inOrder = (items: readonly Item[]): Item[] => items.toSorted((a, b) => a.time - b.time)
