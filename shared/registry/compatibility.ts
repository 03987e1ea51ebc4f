import type { ParsedSchema } from './schema-format.ts'

export const compatibilityLevels = [
  'NONE',
  'BACKWARD',
  'BACKWARD_TRANSITIVE',
  'FORWARD',
  'FORWARD_TRANSITIVE',
  'FULL',
  'FULL_TRANSITIVE',
] as const
export type CompatibilityLevel = (typeof compatibilityLevels)[number]

export const isCompatibilityLevel = (text: unknown): text is CompatibilityLevel =>
  compatibilityLevels.some(level => level === text)

/** A version that a new schema has to get along with. */
export type EarlierVersion = { readonly version: number; readonly schema: ParsedSchema }

/**
 * What keeps a schema from being the next version, of the first of the earlier versions with which it does not get along, the newest
 * first. BACKWARD: the new one reads what the old one wrote. FORWARD: the other way round. FULL: both. TRANSITIVE: with all, not only the
 * newest.
 */
export function incompatibilities(
  level: CompatibilityLevel,
  next: ParsedSchema,
  earlier: readonly EarlierVersion[],
): readonly string[] {
  if (level === 'NONE') return []
  const newestFirst = earlier.toSorted((a, b) => b.version - a.version)
  for (const { version, schema } of level.endsWith('_TRANSITIVE') ? newestFirst : newestFirst.slice(0, 1)) {
    const found = problemsBetween(level, next, schema)
    if (found.length === 0) continue
    return [
      ...found,
      `{oldSchemaVersion: ${version}}`,
      `{oldSchema: '${schema.canonical}'}`,
      `{compatibility: '${level}'}`,
    ]
  }
  return []
}

function problemsBetween(level: CompatibilityLevel, next: ParsedSchema, old: ParsedSchema): readonly string[] {
  if (next.type !== old.type) return ['Incompatible because of different schema type']
  const backward = level.startsWith('FORWARD') ? [] : next.problemsReading(old, { reader: 'new', writer: 'old' })
  const forward = level.startsWith('BACKWARD') ? [] : old.problemsReading(next, { reader: 'old', writer: 'new' })
  return [...backward, ...forward]
}
