import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { promisify } from 'node:util'

const root = join(import.meta.dirname, '../..')
const folder = mkdtempSync(join(tmpdir(), 'command-line-'))
after(() => rmSync(folder, { recursive: true }))

/** What a page has people type, and what it says is printed then. */
const page = readFileSync(join(root, 'docs/command-line.md'), 'utf8')
const examples = [...page.matchAll(/```sh\n([\s\S]*?)```\n\n```\n([\s\S]*?)```/g)]

test('there is an example in each chapter of docs/command-line.md that has one', () => {
  assert.equal(examples.length, page.match(/```sh\n/g)?.length)
  assert.ok(examples.length >= 5)
})

for (const [i, [, commands, printed]] of examples.entries()) {
  test(`example ${i + 1} of docs/command-line.md prints what the page says`, async () => {
    const npx = 'npx() { shift; "$NODE" "$PROGRAM" "$@"; }'
    const { stdout, stderr } = await promisify(execFile)('/bin/sh', ['-c', `set -e; ${npx}\n${commands}`], {
      cwd: folder,
      env: { ...process.env, NODE: process.execPath, PROGRAM: join(root, 'local/cli/millrace.ts') },
    })
    assert.equal(stdout, printed)
    assert.equal(stderr, '')
  })
}
