import type { CoGroupSpec } from '../../../../shared/operators/joins/cogroup.ts'
import type { IntervalJoinSpec } from '../../../../shared/operators/joins/interval-join.ts'
import type { WindowJoinSpec } from '../../../../shared/operators/joins/window-join.ts'
import type { OperatorNode } from '../../../../shared/plan/graph.ts'
import type { Message } from '../arrivals.ts'
import { attemptNamed } from '../chain.ts'
import { closesAt, latestEventTimeMs, type OracleWindow, rowTimeOf, windowsAt, windowText } from '../windows.ts'
import type { EvaluateOperator, OperatorItem } from './operator-result.ts'
import { specOf } from './spec.ts'

type Pair = { readonly left: Message; readonly right: Message }

/** SQL's joins: every pair of equal keys whose times and condition fit, and by the join's type the records that are in none. */
export const evaluateIntervalJoin: EvaluateOperator = (node, [lefts, rights]) => {
  const spec = specOf<IntervalJoinSpec>(node, 'intervalJoin')
  const call = callerOf(node)
  const lastOf = (left: Message): number => {
    const { until } = spec
    return until === undefined
      ? left.time + spec.afterMs
      : Math.max(
          left.time,
          call(() => until(left.value)),
        )
  }
  const isPair = (left: Message, right: Message): boolean =>
    right.time >= left.time - spec.beforeMs && right.time <= lastOf(left) && holds(node, spec.where, left, right)
  const pairs = pairsOf(lefts, rights, isPair)
  const earliest = (own: readonly Pair[]): number => Math.min(...own.map(timeOfPair))
  if (spec.type === 'semi') {
    const items = [...Map.groupBy(pairs, pair => pair.left)].map(([{ value }, own]) => ({ value, time: earliest(own) }))
    return { kind: 'items', items }
  }
  const items: OperatorItem[] = []
  if (spec.type !== 'anti') {
    for (const pair of pairs) {
      items.push({ value: call(() => spec.combine(pair.left.value, pair.right.value)), time: timeOfPair(pair) })
    }
  }
  const aloneAt = (last: number): number => Math.min(last + spec.latenessMs, latestEventTimeMs)
  for (const left of alone(spec.type, 'left', lefts, pairs)) {
    const value = spec.type === 'anti' ? left.value : call(() => spec.combine(left.value, undefined))
    items.push({ value, time: aloneAt(lastOf(left)) })
  }
  for (const right of alone(spec.type, 'right', rights, pairs)) {
    items.push({ value: call(() => spec.combine(undefined, right.value)), time: aloneAt(right.time + spec.beforeMs) })
  }
  return { kind: 'items', items }
}

/** The same within each window that holds both. */
export const evaluateWindowJoin: EvaluateOperator = (node, [lefts, rights]) => {
  const spec = specOf<WindowJoinSpec>(node, 'windowJoin')
  const call = callerOf(node)
  const items = perWindow(spec.windows, lefts, rights).flatMap(({ key, window, own: [ls, rs] }) => {
    const pairs = pairsOf(ls, rs, (left, right) => holds(node, spec.where, left, right))
    const time = rowTimeOf(spec.windows, window.end)
    const late = Math.min(closesAt(window, spec.latenessMs), latestEventTimeMs)
    const rowOf = ({ value }: Message) => ({ key, window, value })
    const found: OperatorItem[] = []
    if (spec.type === 'semi') {
      for (const left of new Set(pairs.map(pair => pair.left))) found.push({ value: rowOf(left), time })
    } else if (spec.type !== 'anti') {
      for (const { left, right } of pairs) {
        found.push({ value: call(() => spec.combine(left.value, right.value, window)), time })
      }
    }
    for (const left of alone(spec.type, 'left', ls, pairs)) {
      const value = spec.type === 'anti' ? rowOf(left) : call(() => spec.combine(left.value, undefined, window))
      found.push({ value, time: late })
    }
    for (const right of alone(spec.type, 'right', rs, pairs)) {
      found.push({ value: call(() => spec.combine(undefined, right.value, window)), time: late })
    }
    return found
  })
  return { kind: 'items', items }
}

export const evaluateCoGroup: EvaluateOperator = (node, [lefts, rights]) => {
  const spec = specOf<CoGroupSpec>(node, 'coGroup')
  const items = perWindow(spec.windows, lefts, rights).flatMap(({ key, window, own }) => {
    const [ls, rs] = own.map(side => side.toSorted((a, b) => a.time - b.time).map(({ value }) => value))
    const time = Math.min(closesAt(window, spec.latenessMs), latestEventTimeMs)
    return callerOf(node)(() => [...spec.function(key as never, window, ls, rs)]).map(value => ({ value, time }))
  })
  return { kind: 'items', items }
}

const callerOf =
  (node: OperatorNode) =>
  <R>(run: () => R): R =>
    attemptNamed(node.name, run)

const holds = (node: OperatorNode, where: IntervalJoinSpec['where'], left: Message, right: Message): boolean =>
  where === undefined || attemptNamed(node.name, () => where(left.value, right.value))

const timeOfPair = ({ left, right }: Pair): number => Math.max(left.time, right.time)

function pairsOf(
  lefts: readonly Message[],
  rights: readonly Message[],
  isPair: (left: Message, right: Message) => boolean,
): Pair[] {
  const byKey = Map.groupBy(rights, right => right.keyText)
  return lefts.flatMap(left =>
    (byKey.get(left.keyText) ?? []).filter(right => isPair(left, right)).map(right => ({ left, right })),
  )
}

function alone(
  type: IntervalJoinSpec['type'],
  side: 'left' | 'right',
  messages: readonly Message[],
  pairs: readonly Pair[],
): Message[] {
  const types = side === 'left' ? ['left', 'full', 'anti'] : ['right', 'full']
  if (!types.includes(type)) return []
  const met = new Set(pairs.map(pair => pair[side]))
  return messages.filter(message => !met.has(message))
}

/** Both sides' messages of each key and window that has any. */
function perWindow(windows: WindowJoinSpec['windows'], lefts: readonly Message[], rights: readonly Message[]) {
  type Meeting = { readonly key: unknown; readonly window: OracleWindow; readonly own: [Message[], Message[]] }
  const meetings = new Map<string, Meeting>()
  for (const [side, messages] of [lefts, rights].entries()) {
    for (const message of messages) {
      for (const window of windowsAt(windows, message.time)) {
        const name = `${windowText(window)}/${message.keyText}`
        const meeting = meetings.get(name) ?? { key: message.key, window, own: [[], []] }
        meetings.set(name, meeting)
        meeting.own[side].push(message)
      }
    }
  }
  return [...meetings.values()]
}
