import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { unmet } from './unmet.ts'

const root = fileURLToPath(new URL('../../../', import.meta.url))
const page = readFileSync(`${root}docs/conformance.md`, 'utf8')

/** The cells of a section's table. */
function tableOf(heading: string): string[][] {
  const [, section] = page.split(`${heading}\n`)
  const [, ...rows] = section
    .split('\n#')[0]
    .split('\n')
    .filter(line => line.startsWith('| ') && !line.startsWith('| ---'))
  return rows.map(row => row.split(' | ').map(cell => cell.replace(/^\| | \|$/g, '')))
}

test('the page on conformance has the cases that are not met, and no others', () => {
  const published = tableOf('## Cases that are not met')
  assert.deepEqual(
    published,
    unmet.map(entry => [`\`${entry.file}\``, entry.case, entry.reason]),
  )
})

test('a case that is not met is a case of a file', () => {
  for (const entry of unmet) {
    const text = readFileSync(`${root}test/vectors/${entry.file}`, 'utf8')
    assert.ok(text.includes(JSON.stringify(entry.case)), `${entry.file} has no case "${entry.case}"`)
  }
})

test('the page on conformance names every file of vectors, and tests that are there', () => {
  const named = tableOf('# Results that other projects published')
  const files = readdirSync(`${root}test/vectors`, { withFileTypes: true })
    .map(entry => (entry.isDirectory() ? `${entry.name}/` : entry.name))
    .filter(name => /\.json$|\/$/.test(name))
  assert.deepEqual(named.map(([file]) => file.replaceAll('`', '')).sort(), files.sort())
  for (const [, , tests] of named) {
    for (const [, name] of tests.matchAll(/`([^`]+)`/g)) {
      assert.ok(existsSync(`${root}${name.includes('/') ? '' : 'test/conformance/vectors/'}${name}`), name)
    }
  }
})
