import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { documentOf, fileIn, temporaryFolder, wordCountFile } from '../cli/command.ts'

const sample = join(import.meta.dirname, '../../functions/word-count/sample.txt')

/** Words of a whole text at once, by another way of cutting than the pipeline's: character by character. */
function countWords(text: string): { key: string; value: number }[] {
  const counts = new Map<string, number>()
  let word = ''
  const end = (): void => {
    const bare = word.replace(/^['’-]+|['’-]+$/g, '')
    if (bare !== '') counts.set(bare, (counts.get(bare) ?? 0) + 1)
    word = ''
  }
  let before = ''
  for (const character of text.toLowerCase()) {
    const isLetter = /[\p{L}\p{N}]/u.test(character)
    const isJoint = "'’-".includes(character)
    if (isJoint && "'’-".includes(before)) end()
    if (isLetter || isJoint) word += character
    else end()
    before = isJoint ? character : 'x'
  }
  end()
  return [...counts].map(([key, value]) => ({ key, value })).sort((a, b) => (a.key < b.key ? -1 : 1))
}

for (const args of [[], ['--batch-size', '1'], ['--shards', 'lines=3,word=4', '--batch-size', 'lines=2,word=7']]) {
  test(`word-count counts what a plain loop counts in the sample, with ${args.join(' ') || 'no options'}`, async () => {
    const { views, sources, deadLetters } = await documentOf([
      ...['run', wordCountFile, '--input', `lines=${sample}`, '--json'],
      ...args,
    ])
    const text = readFileSync(sample, 'utf8')
    assert.deepEqual(views, { counts: countWords(text) })
    assert.deepEqual(sources, { lines: { read: text.replace(/\n$/, '').split('\n').length, malformed: 0 } })
    assert.equal(deadLetters, 0)
  })
}

test('word-count counts words of many alphabets over some thousand lines, and skips nothing but a line that is no UTF-8', async () => {
  const words = [
    'Straße',
    'ΣΊΣΥΦΟΣ',
    '東京',
    "don't",
    'l’été',
    'e-mail',
    'naïve',
    '1984',
    'É',
    '__proto__',
    'constructor',
  ]
  const lines = Array.from({ length: 5_000 }, (_, i) => {
    const count = (i * 7919) % 13
    return Array.from({ length: count }, (_, j) => words[(i * 31 + j * j) % words.length]).join(
      [' ', ', ', '\t', '...'][i % 4],
    )
  })
  const bytes = Buffer.concat([Buffer.from(`${lines.join('\n')}\n`), Buffer.from([0xff, 0xfe, 0x0a])])
  const path = fileIn(temporaryFolder(), 'words.txt', bytes)
  const { views, sources, deadLetters } = await documentOf(['run', wordCountFile, '--input', `lines=${path}`, '--json'])
  assert.deepEqual(views, { counts: countWords(lines.join('\n')) })
  assert.deepEqual(sources, { lines: { read: 5_001, malformed: 1 } })
  assert.equal(deadLetters, 1)
})
