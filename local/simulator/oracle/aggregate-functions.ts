import type { Aggregator } from '../../../shared/operators/aggregator.ts'
import type { AggregateNode } from '../../../shared/plan/graph.ts'
import { exactSum } from './exact-number.ts'
import { textOf } from './text.ts'

/** What an aggregate of these values is, where it does not depend on their order. */
export type Aggregated = { readonly value: unknown } | { readonly undetermined: string } | { readonly thrown: unknown }

/**
 * The built-in ones from their definitions; `reduce` and `aggregate` by the user's functions, in several orders and groupings: a result
 * that differs depends on how records come, and nobody can say what it will be.
 */
export function aggregateOf(node: AggregateNode, values: readonly unknown[], times: readonly number[]): Aggregated {
  switch (node.function) {
    case 'count':
      return { value: values.length }
    case 'sum':
      return summed(node, values, sum => sum)
    case 'average':
      return summed(node, values, sum => sum / values.length)
    case 'min':
      return { value: values.reduce((least, other) => (isLess(other, least) ? other : least)) }
    case 'max':
      return { value: values.reduce((greatest, other) => (isLess(greatest, other) ? other : greatest)) }
    default:
      return folded(
        node.name,
        node.aggregator,
        values.map((value, i) => ({ value, time: times[i] })),
        node.windows !== undefined,
      )
  }
}

function summed(node: AggregateNode, values: readonly unknown[], finish: (sum: number) => number): Aggregated {
  const sum = exactSum(values as readonly number[])
  if (sum === undefined) return { undetermined: `the sum of "${node.name}" passes the greatest double on its way` }
  return { value: finish(sum) }
}

/** Numbers and big integers, then strings, then dates; by value among their like, and 1n is less than 1. */
export function isLess(a: unknown, b: unknown): boolean {
  const [x, y] = [rankOf(a), rankOf(b)]
  if (x !== y) return x < y
  const [left, right] = [a as number, b as number]
  if (left < right || left > right) return left < right
  return typeof a < typeof b
}

const rankOf = (value: unknown): number => (typeof value === 'string' ? 1 : typeof value === 'object' ? 2 : 0)

/** The user's functions may change the accumulator and what was added to it: each fold has values of its own. */
export function folded(
  name: string,
  aggregator: Aggregator<unknown, unknown, unknown>,
  entries: readonly { readonly value: unknown; readonly time: number }[],
  merges: boolean,
): Aggregated {
  const fold = (list: typeof entries): unknown =>
    list.reduce(
      (accumulator, { value, time }) => aggregator.add(accumulator, structuredClone(value), time),
      aggregator.create(),
    )
  const ways = [() => fold(entries), () => fold(entries.toReversed()), () => fold(interleaved(entries))]
  if (merges && entries.length > 1) {
    const half = entries.length >> 1
    ways.push(() => aggregator.merge(fold(entries.slice(half)), fold(entries.slice(0, half))))
  }
  let first: { readonly value: unknown; readonly text: string } | undefined
  try {
    for (const way of ways) {
      const value = aggregator.result(way())
      const text = textOf(value)
      first ??= { value, text }
      if (first.text !== text) return { undetermined: `the result of "${name}" depends on the order of its records` }
    }
  } catch (thrown) {
    return { thrown }
  }
  return { value: first?.value }
}

const interleaved = <T>(values: readonly T[]): T[] => [
  ...values.filter((_, i) => i % 2 === 1),
  ...values.filter((_, i) => i % 2 === 0),
]
