import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { camelCase, exportsOf, handlerNames } from '../../infra/entry-exports.ts'

const folder = mkdtempSync(join(tmpdir(), 'millrace-entry-'))
after(() => rmSync(folder, { recursive: true }))

function entry(name: string, text: string): string {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}

test('what a module exports is found: constants, strings, other modules, all of a module', () => {
  entry('other.ts', 'export const a = 1\nexport const b: number = 2')
  const path = entry(
    'entry.ts',
    `import { handlers } from 'somewhere'
     export * from './other.ts'
     const { x, y } = handlers()
     export { x as "top-clients", y as default }
     export type Nothing = string`,
  )
  assert.deepEqual([...exportsOf(path)].sort(), ['a', 'b', 'default', 'top-clients'])
})

test('a module that cannot be read tells why', () => {
  assert.throws(() => exportsOf(entry('wrong.ts', 'export const = 1')), /Expected identifier but found "="/)
  assert.throws(() => exportsOf(join(folder, 'none.ts')), /Cannot read ".*none.ts": there is no such file/)
})

test("a handler is exported under its stage's name, else in camel case", () => {
  const exported = new Set(['side', 'top-clients', 'topClients', 'topSymbols'])
  const found = handlerNames(['side', 'top-clients', 'top-symbols', 'none'], exported)
  assert.deepEqual([...found.values()], ['side', 'top-clients', 'topSymbols'])
})

test('camel case takes away what an identifier cannot have', () => {
  assert.deepEqual(['a', 'top-clients', 'a_b-c', 'a--b', 'a-', 'a-1'].map(camelCase), [
    'a',
    'topClients',
    'aBC',
    'aB',
    'a',
    'a1',
  ])
})
