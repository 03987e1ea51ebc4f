import { type Key, keyGroupOf, keyId } from '../model/key.ts'
import { wrapped } from '../operators/user-function.ts'
import type { KeyByNode } from '../plan/graph.ts'
import { usableKey } from './shipping.ts'

/** The key that a value goes under: of a spread one chosen by the position of the output too, the same in each attempt. */
export function spreadKey(
  { name, key, spread }: KeyByNode,
  groups: number,
  outputs: { place(count: number): number },
): (value: unknown) => Key {
  const whole = wrapped(name, (value: unknown): Key => usableKey(key(value)))
  if (spread === undefined) return whole
  if (spread !== 'groups') return value => [whole(value), outputs.place(spread)]
  const keys = keysOfGroups(groups)
  return () => keys[outputs.place(groups)]
}

/** One key for each key group, so that a number picks a group. */
function keysOfGroups(groups: number): readonly Key[] {
  const keys: Key[] = []
  for (let candidate = 0, found = 0; found < groups; candidate++) {
    const group = keyGroupOf(keyId(candidate), groups)
    if (keys[group] !== undefined) continue
    keys[group] = candidate
    found++
  }
  return keys
}
