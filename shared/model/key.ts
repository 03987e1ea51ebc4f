import { ConfigurationError } from './errors.ts'

/** What records can be keyed by. Compound keys are arrays or plain objects of these; an object's property order does not matter. */
export type Key = string | number | boolean | bigint | null | readonly Key[] | { readonly [name: string]: Key }

/** A key as the engine carries it: its text (equal keys have equal texts) and its key group. */
export type KeyRef = { readonly id: string; readonly group: number }

/** The text of a key: one letter for the type, so that 1 and "1" differ, then the value. */
export function keyId(key: Key): string {
  switch (typeof key) {
    case 'string':
      // Text travels as UTF-8, which has no half of a surrogate pair: it becomes U+FFFD here, before a group is chosen by it.
      return `s${key.toWellFormed()}`
    case 'number':
      return `n${Object.is(key, -0) ? 0 : key}`
    case 'boolean':
      return key ? 'bt' : 'bf'
    case 'bigint':
      return `i${key}`
    case 'object':
      return key === null ? '0' : `o${canonical(key)}`
    default:
      throw new ConfigurationError(
        `Cannot use a key: ${typeof key} is not a string, number, boolean, bigint, null, or an array or object of these`,
      )
  }
}

/** The key that a text stands for: the inverse of `keyId`. */
export function keyOf(id: string): Key {
  const rest = id.slice(1)
  switch (id[0]) {
    case 's':
      return rest
    case 'n':
      return Number(rest)
    case 'b':
      return rest === 't'
    case 'i':
      return BigInt(rest)
    case 'o':
      return revive(JSON.parse(rest))
    default:
      return null
  }
}

/** The key group that owns a key: stable across versions and machines, since state is stored by it. */
export const keyGroupOf = (id: string, groups: number): number => hash(id) % groups

/** FNV-1a over UTF-16 code units with a final mix (murmur3's), 32 bits. */
function hash(text: string): number {
  let h = 0x811c9dc5
  for (let i = 0; i < text.length; i++) {
    h = Math.imul(h ^ text.charCodeAt(i), 0x01000193)
  }
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}

/** JSON with sorted properties, where each scalar keeps its type. */
function canonical(key: Key): string {
  if (key === null || typeof key !== 'object') return JSON.stringify(keyId(key))
  if (isList(key)) return `[${key.map(canonical).join(',')}]`
  const names = Object.keys(key).sort()
  return `{${names.map(name => `${JSON.stringify(name)}:${canonical(key[name])}`).join(',')}}`
}

/** Whether a value can be a key, whatever its type says. */
export function isKey(value: unknown): value is Key {
  switch (typeof value) {
    case 'string':
    case 'number':
    case 'boolean':
    case 'bigint':
      return true
    case 'object':
      return value === null || Object.values(value).every(isKey)
    default:
      return false
  }
}

function isList(key: object): key is readonly Key[] {
  return Array.isArray(key)
}

function revive(value: unknown): Key {
  if (typeof value === 'string') return keyOf(value)
  if (Array.isArray(value)) return value.map(revive)
  if (typeof value !== 'object' || value === null) return null
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, revive(part)]))
}
