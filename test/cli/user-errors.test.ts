import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { documentOf, fileIn, pipelineIn, printed, refused, temporaryFolder } from './command.ts'

const folder = temporaryFolder()
const lines = Array.from({ length: 3_000 }, (_, i) => (i % 1_000 === 499 ? 'poison' : `word-${i % 7}`))
const input = ['--input', `lines=${fileIn(folder, 'words.txt', lines.join('\n'))}`]

const check = "function refusePoison(line) { if (line === 'poison') throw new TypeError('it is poison'); return line }"

/** `place` puts the function that throws in front of the shuffle or behind it. */
function poisoned(policy: string, place: 'map' | 'max' | 'key'): string {
  const body = {
    map: "lines.map(refusePoison).keyBy('word', line => line).count('seen')",
    key: "lines.keyBy('word', refusePoison).count('seen')",
    max: "lines.keyBy('word', line => line.slice(0, 4)).reduce('longest', (a, b) => refusePoison(b).length > a.length ? b : a)",
  }
  return pipelineIn(
    folder,
    `${policy}-${place}.ts`,
    `${check}
     export const p = pipeline('poisoned', ({ source }) => {
       const lines = source('lines', { codec: utf8, onError: '${policy}' })
       return { results: ${body[place]} }
     })`,
  )
}

const counts = Array.from({ length: 7 }, (_, i) => {
  const key = `word-${i}`
  return { key, value: lines.filter(line => line === key).length }
})

describe('a function that throws follows the policy of the source', { concurrency: 2 }, () => {
  test('a dead letter names the line, the operator and the error, and the rest is counted', async () => {
    const file = poisoned('deadLetter', 'map')
    const { views, sources, deadLetters } = await documentOf(['run', file, ...input, '--json'])
    assert.deepEqual(views, { results: counts })
    assert.deepEqual(sources, { lines: { read: 3_000, malformed: 0 } })
    assert.equal(deadLetters, 3)
    const text = await printed(['run', file, ...input])
    const letters = ['500', '1500', '2500'].map(
      line => `words.txt:${line}: Cannot run operator "map refusePoison": it is poison\n`,
    )
    assert.ok(text.endsWith(`\ndead letters\n${letters.join('')}`), text)
  })

  test('a key that cannot be made is a dead letter too', async () => {
    const { views, deadLetters } = await documentOf(['run', poisoned('deadLetter', 'key'), ...input, '--json'])
    assert.deepEqual(views, { results: counts })
    assert.equal(deadLetters, 3)
  })

  test('skipped, the record is gone and the rest is counted', async () => {
    const { views, sources, deadLetters } = await documentOf(['run', poisoned('skip', 'map'), ...input, '--json'])
    assert.deepEqual(views, { results: counts })
    assert.deepEqual(sources, { lines: { read: 3_000, malformed: 0 } })
    assert.equal(deadLetters, 0)
  })

  test('behind the shuffle, a dead letter names the operator and where the message stood', async () => {
    const text = await printed(['run', poisoned('deadLetter', 'max'), ...input])
    assert.match(text, /\nword +word-\d\n/)
    // The first of its key is kept as it is; the other two meet the function.
    assert.match(text, /\ndead letters {2,}2\n/)
    const letter = 'word shardId-\\d+ \\d+ key group \\d+: Cannot run operator "longest": it is poison\n'
    assert.match(text, new RegExp(`\ndead letters\n${letter}${letter}$`))
  })

  test('by policy fail the run ends, and the sentence names the operator, the line and the error', async () => {
    const sentence = 'Cannot run operator "map refusePoison": it is poison (words.txt:500)'
    await refused(['run', poisoned('fail', 'map'), ...input, '--shards', 'lines=1'], 1, sentence)
  })

  test('by policy fail behind the shuffle, the sentence names the stage, the record, the operator and the error', async () => {
    const sentence = /^Cannot go on with stage "word" at record \d+: Cannot run operator "longest": it is poison$/
    await refused(['run', poisoned('fail', 'max'), ...input], 1, sentence)
  })

  test('a malformed line by policy fail ends the run with its place', async () => {
    const file = pipelineIn(
      folder,
      'strict.ts',
      `export const p = pipeline('strict', ({ source }) => {
         const lines = source('lines', { codec: csv({ n: int }), onMalformed: 'fail' })
         return { n: lines.keyBy('n').count('n-seen') }
       })`,
    )
    const numbers = fileIn(folder, 'numbers.txt', '1\n2\nthree\n4\n')
    const sentence = 'Cannot read column 1 "n": found "three", expected a whole number (numbers.txt:3)'
    await refused(['run', file, '--input', `lines=${numbers}`], 1, sentence)
  })

  test('a sink that throws names the sink and the error', async () => {
    const file = pipelineIn(
      folder,
      'sink.ts',
      `export const p = pipeline('sinking', ({ source }) => {
         const lines = source('lines', { codec: utf8 })
         return { out: lines.forEach(() => { throw new Error('no connection') }) }
       })`,
    )
    await refused(['run', file, ...input], 1, /^Cannot run sink "out" on batch lines\/shardId-\d+\/\d+: no connection$/)
  })
})
