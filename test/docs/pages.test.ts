import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath, pathToFileURL } from 'node:url'

const root = fileURLToPath(new URL('../../', import.meta.url))
const packageJson: { exports: Record<string, string> } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
const folder = mkdtempSync(join(tmpdir(), 'pages-'))
after(() => rmSync(folder, { recursive: true }))

/** Programs of a page: what it shows as TypeScript that imports the package, and that asserts what it says. */
function programsOf(page: string): string[] {
  const text = readFileSync(join(root, 'docs', page), 'utf8')
  return [...text.matchAll(/```ts\n([\s\S]*?)```/g)]
    .map(([, code]) => code)
    .filter(code => /from 'node:assert\/strict'/.test(code))
}

/** What a reader imports by name is a file here, and a package is one of ours. */
function withFiles(code: string): string {
  const packaged = code.replace(/from '((?!node:|millrace)[a-z@][^']*)'/g, (_, name: string) => {
    return `from ${JSON.stringify(import.meta.resolve(name))}`
  })
  return packaged.replace(/from '(millrace(?:\/[a-z]+)?)'/g, (_, name: string) => {
    const entry = Object.entries(packageJson.exports).find(([key]) => key.replace('.', 'millrace') === name)
    assert.ok(entry !== undefined, `the package has no "${name}"`)
    return `from ${JSON.stringify(pathToFileURL(join(root, entry[1])).href)}`
  })
}

for (const page of readdirSync(join(root, 'docs'))
  .filter(name => name.endsWith('.md'))
  .sort()) {
  for (const [i, code] of programsOf(page).entries()) {
    test(`program ${i + 1} of docs/${page} runs`, async () => {
      const path = join(folder, `${page}-${i}.ts`)
      writeFileSync(path, withFiles(code))
      await assert.doesNotReject(import(pathToFileURL(path).href))
    })
  }
}

test('there are programs', () => {
  assert.ok(readdirSync(join(root, 'docs')).some(page => page.endsWith('.md') && programsOf(page).length > 0))
})
