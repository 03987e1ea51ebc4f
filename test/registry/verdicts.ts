import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compatibilityLevels, incompatibilities } from '../../shared/registry/compatibility.ts'
import { formatOf } from '../../shared/registry/formats.ts'
import type { SchemaType } from '../../shared/registry/schema-format.ts'

/** A change of a schema: whether the newer one reads what the older one wrote, and the other way round. */
export type Change = {
  readonly what: string
  readonly before: unknown
  readonly after: unknown
  readonly backward: boolean
  readonly forward: boolean
  /** A part of what is said about the direction that fails. */
  readonly says?: RegExp
}

export const change = (
  what: string,
  before: unknown,
  after: unknown,
  reads: 'both' | 'backward' | 'forward' | 'neither',
  says?: RegExp,
): Change => ({
  what,
  before,
  after,
  backward: reads === 'both' || reads === 'backward',
  forward: reads === 'both' || reads === 'forward',
  ...(says && { says }),
})

/** Tests each change by each level, transitive ones with a version in between that gets along with both. */
export function testChanges(type: SchemaType, changes: readonly Change[], textOf: (schema: unknown) => string): void {
  for (const { what, before, after, backward, forward, says } of changes) {
    test(`${type}: ${what}`, async () => {
      const format = await formatOf(type)
      const [old, next] = [format.parse(textOf(before), []), format.parse(textOf(after), [])]
      const expected = { NONE: true, BACKWARD: backward, FORWARD: forward, FULL: backward && forward }
      for (const level of compatibilityLevels) {
        const found = incompatibilities(level, next, [{ version: 1, schema: old }])
        const way = level.replace('_TRANSITIVE', '')
        assert.ok(way === 'NONE' || way === 'BACKWARD' || way === 'FORWARD' || way === 'FULL')
        assert.equal(found.length === 0, expected[way], `${level}: ${found.join(' ')}`)
        if (found.length > 0 && says !== undefined) assert.match(found.join(' '), says)
        // The newest version is the schema itself: only the transitive levels look further back.
        const behind = incompatibilities(level, next, [
          { version: 1, schema: old },
          { version: 2, schema: next },
        ])
        assert.equal(behind.length === 0, !level.endsWith('_TRANSITIVE') || expected[way], level)
      }
    })
  }
}
