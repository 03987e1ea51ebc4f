import type { DistinctWithinSpec } from '../../../../shared/operators/distribution/distinct-within.ts'
import type { Message } from '../arrivals.ts'
import { textOf } from '../text.ts'
import { type EvaluateOperator, open } from './operator-result.ts'
import { specOf } from './spec.ts'

/** All values, at their times. */
export const evaluatePassThrough: EvaluateOperator = (_node, [messages]) => ({
  kind: 'items',
  items: messages.map(({ value, time }) => ({ value, time })),
})

/**
 * Where the order of the records is known, each is compared with those before it. Where it is not, of records of a key that are all
 * near to each other and to no other one goes out; it is open which, unless they are the same.
 */
export const evaluateDistinctWithin: EvaluateOperator = (node, [messages], { isInOrder }) => {
  const { withinMs, since } = specOf<DistinctWithinSpec>(node, 'distinctWithin')
  const byKey = [...Map.groupBy(messages, message => message.keyText).values()]
  if (isInOrder) {
    return { kind: 'items', items: byKey.flatMap(own => firsts(own, withinMs, since)) }
  }
  const items: Message[] = []
  const choices: Message[][] = []
  for (const own of byKey) {
    for (const near of clustersOf(own, withinMs)) {
      const times = near.map(({ time }) => time)
      if (Math.max(...times) - Math.min(...times) >= withinMs) {
        return open(`which records "${node.name}" lets through depends on their order`)
      }
      const isSame = new Set(near.map(({ value, time }) => textOf([value, time]))).size === 1
      if (isSame) items.push(near[0])
      else choices.push(near)
    }
  }
  const bare = ({ value, time }: Message) => ({ value, time })
  return { kind: 'items', items: items.map(bare), choices: choices.map(choice => choice.map(one => [bare(one)])) }
}

function firsts(own: readonly Message[], withinMs: number, since: DistinctWithinSpec['since']) {
  const seen: number[] = []
  const passed: Message[] = []
  for (const message of own) {
    const isRepeat = seen.some(time => Math.abs(message.time - time) < withinMs)
    if (!isRepeat) passed.push(message)
    if (!isRepeat || since === 'last') seen.push(message.time)
  }
  return passed.map(({ value, time }) => ({ value, time }))
}

/** Records each less than `withinMs` after the one before. */
function clustersOf(own: readonly Message[], withinMs: number): Message[][] {
  const clusters: Message[][] = []
  let last = Number.NEGATIVE_INFINITY
  for (const message of own.toSorted((a, b) => a.time - b.time)) {
    if (message.time - last < withinMs) clusters.at(-1)?.push(message)
    else clusters.push([message])
    last = message.time
  }
  return clusters
}
