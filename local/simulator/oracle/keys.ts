/** Keys by their definition: what is equal, which of two is the lower. Types as the user wrote them: any may turn up. */

/**
 * The text of a key: a letter for its type, then the value; equal keys have equal texts. Throws a TypeError for what is no key.
 */
export function keyText(key: unknown): string {
  switch (typeof key) {
    case 'string':
      return `s${key.toWellFormed()}`
    case 'number':
      return `n${Object.is(key, -0) ? 0 : key}`
    case 'boolean':
      return key ? 'bt' : 'bf'
    case 'bigint':
      return `i${key}`
    case 'object':
      return key === null ? '0' : `o${compoundText(key)}`
    default:
      throw new TypeError(`a ${typeof key} is no key`)
  }
}

function compoundText(key: unknown): string {
  if (key === null || typeof key !== 'object') return JSON.stringify(keyText(key))
  if (Array.isArray(key)) return `[${key.map(compoundText).join(',')}]`
  const parts = Object.entries(key).sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${parts.map(([name, part]) => `${JSON.stringify(name)}:${compoundText(part)}`).join(',')}}`
}

/** Numbers by value, strings by code unit, all else by text. */
export function isLowerKey(a: unknown, b: unknown): boolean {
  if (isNumeric(a) && isNumeric(b) && a !== b && (a < b || a > b)) return a < b
  if (typeof a === 'string' && typeof b === 'string') return a < b
  return keyText(a) < keyText(b)
}

const isNumeric = (key: unknown): key is number | bigint => typeof key === 'number' || typeof key === 'bigint'
