import type { ExpectedValues } from './expected.ts'
import { shortText, textOf } from './text.ts'

/**
 * Whether the values that are left over can have come of the choices: each of one alternative of one choice, each choice at most once,
 * and none left out that puts out something either way. Answers with a sentence for what cannot be.
 *
 * Choices of several values each are only counted: which of them belong together is not told apart.
 */
export function cannotPlace(
  choices: ExpectedValues['choices'],
  values: readonly unknown[],
  isWhole: boolean,
): string[] {
  const texts = values.map(textOf)
  const takes = choices.map(choice => new Set(choice.flatMap(items => items.map(textOf))))
  const isSimple = choices.every(choice => choice.every(items => items.length <= 1))
  if (!isSimple) {
    const known = new Set(takes.flatMap(each => [...each]))
    return isWhole ? values.filter((_, i) => !known.has(texts[i])).map(value => unexpected(value)) : []
  }
  const told: string[] = []
  if (isWhole) {
    const placed = matched(texts.map(text => choices.flatMap((_, i) => (takes[i].has(text) ? [i] : []))))
    told.push(...values.filter((_, i) => !placed.has(i)).map(value => unexpected(value)))
  }
  const needed = choices.flatMap((choice, i) => (choice.some(items => items.length === 0) ? [] : [i]))
  const found = matched(needed.map(i => texts.flatMap((text, at) => (takes[i].has(text) ? [at] : []))))
  for (const [at, i] of needed.entries()) {
    if (!found.has(at)) told.push(`one of ${shortText(choices[i].map(([value]) => value))} is missing`)
  }
  return told
}

const unexpected = (value: unknown): string => `value ${shortText(value)} is there, expected none more like it`

/**
 * The lefts that have a right of their own, as many as there can be at once: paths that take a right from another left which finds
 * another one (Kuhn).
 */
function matched(rightsOf: readonly (readonly number[])[]): Set<number> {
  const leftOf = new Map<number, number>()
  const isPlaced = (left: number, tried: Set<number>): boolean => {
    for (const right of rightsOf[left]) {
      if (tried.has(right)) continue
      tried.add(right)
      const holder = leftOf.get(right)
      if (holder !== undefined && !isPlaced(holder, tried)) continue
      leftOf.set(right, left)
      return true
    }
    return false
  }
  for (let left = 0; left < rightsOf.length; left++) isPlaced(left, new Set())
  return new Set(leftOf.values())
}
