import { type Key, keyId } from './key.ts'

/** Numbers and big integers by value, texts by code unit, anything else by its text: how ties are broken. 0 for equal keys only. */
export function compareKeys(a: Key, b: Key): number {
  if ((typeof a === 'number' || typeof a === 'bigint') && (typeof b === 'number' || typeof b === 'bigint')) {
    if (a < b) return -1
    if (a > b) return 1
  }
  const [x, y] = typeof a === 'string' && typeof b === 'string' ? [a, b] : [keyId(a), keyId(b)]
  return x < y ? -1 : x > y ? 1 : 0
}
