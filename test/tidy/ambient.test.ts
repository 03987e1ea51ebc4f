import assert from 'node:assert/strict'
import { test } from 'node:test'
import { wrongAmbientUses } from './ambient.ts'
import { parse, readTree } from './source-tree.ts'

test('the time, timers and randomness are handed in', () => {
  assert.deepEqual(wrongAmbientUses(parse(readTree())), [])
})

test('each way to ask for them is found', () => {
  const body = [
    'const a = Date.now',
    'new Date()',
    'Date()',
    'performance.now()',
    '1 + Math.random()',
    'process.hrtime.bigint()',
    'setTimeout(a, 5)',
    'globalThis.setInterval(a)',
    'crypto.randomUUID()',
  ]
  const texts = {
    'shared/model/a.ts': body.join('\n'),
    'local/run/b.ts': "import { setTimeout as sleep } from 'node:timers/promises'",
    'functions/c.ts': "import { randomBytes } from 'node:crypto'",
  }
  const uses = ['Date.now', 'new Date()', 'Date()', 'performance', 'Math.random', 'process.hrtime', 'setTimeout']
  const lines = [...uses, 'setInterval', 'crypto'].map((name, i) => `shared/model/a.ts:${i + 1} uses ${name}`)
  assert.deepEqual(
    wrongAmbientUses(parse(texts), []),
    [...lines, 'local/run/b.ts:1 uses node:timers/promises', 'functions/c.ts:1 uses randomBytes'].map(
      use => `${use}, expected it to be handed in`,
    ),
  )
})

test('a given time, a member of that name, a comment, a string and a test are no such use', () => {
  const texts = {
    'shared/model/a.ts': "new Date(0) // Date.now()\nports.setTimeout('Date.now()')",
    'test/b.ts': 'Date.now()',
  }
  assert.deepEqual(wrongAmbientUses(parse(texts), []), [])
})

test('an exception holds for its names, and must be needed', () => {
  const files = parse({ 'local/cli/a.ts': 'Date.now() + Math.random()' })
  const exceptions = [{ path: 'local/cli/', names: ['Date.now', 'performance'], reason: 'shown' }]
  assert.deepEqual(wrongAmbientUses(files, exceptions), [
    'local/cli/a.ts:1 uses Math.random, expected it to be handed in',
    'local/cli/ may use performance and does not',
  ])
})
