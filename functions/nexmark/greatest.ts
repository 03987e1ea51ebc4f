import { aggregator } from 'millrace'

/** All values with the greatest part, where `maxBy` gives one of them. */
export const allGreatest = <V>(by: (value: V) => number) =>
  aggregator({
    create: (): V[] => [],
    add: (best, value: V) => better(by, best, [value]),
    merge: (best, others) => better(by, best, others),
  })

function better<V>(by: (value: V) => number, best: V[], others: V[]): V[] {
  if (best.length === 0 || others.length === 0) return best.length === 0 ? others : best
  const difference = by(best[0]) - by(others[0])
  if (difference === 0) return [...best, ...others]
  return difference > 0 ? best : others
}
