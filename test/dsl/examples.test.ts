import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath, pathToFileURL } from 'node:url'

const shared = fileURLToPath(new URL('../../shared/', import.meta.url))
const entry = readFileSync(join(shared, 'index.ts'), 'utf8')
const publicNames = [...entry.matchAll(/^export \{([^}]*)\}/gms)]
  .flatMap(([, names]) => names.split(','))
  .map(name => name.trim())
  .filter(name => name !== '' && !name.startsWith('type '))

/** What the package's other entries have, of those that are in shared/, by name. */
const packageJson: { readonly exports: Readonly<Record<string, string>> } = JSON.parse(
  readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
)
const entries = Object.values(packageJson.exports)
  .filter(path => path.startsWith('./shared/') && path !== './shared/index.ts')
  .map(path => path.slice('./shared/'.length))
const entryOf = new Map<string, string>()
for (const path of entries) {
  const names = Object.keys(await import(pathToFileURL(join(shared, path)).href))
  for (const name of names) if (!publicNames.includes(name)) entryOf.set(name, path)
}

/** Examples of documentation comments: what follows `@example`, or stands in a fence. */
function examplesOf(path: string): string[] {
  const comments = readFileSync(path, 'utf8').match(/\/\*\*[\s\S]*?\*\//g) ?? []
  return comments.flatMap(comment => {
    const text = comment.replace(/^ *\/?\*+\/? ?/gm, '')
    const fences = [...text.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, code]) => code)
    const tagged = /@example\n([\s\S]*)$/.exec(text)?.[1]
    return tagged === undefined || fences.length > 0 ? fences : [tagged]
  })
}

const files = readdirSync(shared, { recursive: true, encoding: 'utf8' }).filter(file => file.endsWith('.ts'))
const folder = mkdtempSync(join(tmpdir(), 'examples-'))
after(() => rmSync(folder, { recursive: true }))

/** The example as a module: it imports what it names, from the entry, or else from its own file, or else from another entry. */
async function moduleOf(file: string, code: string): Promise<string> {
  const named = (names: readonly string[]) => names.filter(name => new RegExp(`\\b${name}\\b`).test(code)).join(', ')
  const own = Object.keys(await import(pathToFileURL(join(shared, file)).href))
  const others = own.filter(name => !publicNames.includes(name))
  const url = (path: string) => JSON.stringify(pathToFileURL(join(shared, path)).href)
  const elsewhere = [...entryOf.keys()].filter(name => !own.includes(name) && named([name]) !== '')
  return [
    ...elsewhere.map(name => `import { ${name} } from ${url(entryOf.get(name) ?? '')}`),
    `import { ${named(publicNames)} } from ${url('index.ts')}`,
    `import { ${named(others)} } from ${url(file)}`,
    code,
  ].join('\n')
}

for (const file of files.sort()) {
  for (const [i, code] of examplesOf(join(shared, file)).entries()) {
    test(`example ${i + 1} of ${file} runs`, async () => {
      const path = join(folder, `${file.replaceAll('/', '-')}-${i}.ts`)
      writeFileSync(path, await moduleOf(file, code))
      await assert.doesNotReject(import(pathToFileURL(path).href))
    })
  }
}

test('there are examples', () => {
  assert.ok(files.some(file => examplesOf(join(shared, file)).length > 0))
})
