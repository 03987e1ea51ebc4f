import assert from 'node:assert/strict'
import { test } from 'node:test'
import { drive } from 'millrace/testing'
import { KplWriter } from '../../shared/codecs/kpl-writer.ts'
import { type Codec, MalformedRecordError, pipeline } from '../../shared/index.ts'
import { crashEverywhere } from './crash-everywhere.ts'

type Word = { readonly id: number; readonly text: string }

/** A dictionary in place of a schema registry: a record is a word's number, and it must be looked up before it can be read. */
class Dictionary {
  readonly asked: number[][] = []
  fails = 0
  readonly #words: ReadonlyMap<number, string>
  readonly #learned: Map<number, string | undefined>[] = []

  constructor(words: Readonly<Record<number, string>>) {
    this.#words = new Map(Object.entries(words).map(([id, text]) => [Number(id), text]))
  }

  codec(): Codec<Word> {
    const known = new Map<number, string | undefined>()
    this.#learned.push(known)
    return {
      name: 'word',
      decode: (bytes, start, end) => {
        const id = bytes[start]
        assert.equal(end - start, 1)
        if (!known.has(id)) throw new Error(`${id} was not prepared`)
        const text = known.get(id)
        if (text === undefined)
          throw new MalformedRecordError(`Cannot read word: found ${id}, expected one that exists`)
        return { id, text }
      },
      encode: ({ id, text }) => {
        assert.equal(known.get(id), text, 'it was prepared')
        return Uint8Array.of(id)
      },
      prepare: records => {
        const ids = records.length === 0 ? [...this.#words.keys()] : records.map(bytes => bytes[0])
        const missing = [...new Set(ids)].filter(id => !known.has(id))
        if (missing.length === 0) return undefined
        return this.#ask(missing).then(texts => {
          for (const [i, id] of missing.entries()) known.set(id, texts[i])
        })
      },
    }
  }

  /** As new processes would have it. */
  forget(): void {
    for (const known of this.#learned) known.clear()
  }

  async #ask(ids: readonly number[]): Promise<(string | undefined)[]> {
    this.asked.push([...ids])
    if (this.fails-- > 0) throw new Error('503')
    return ids.map(id => this.#words.get(id))
  }
}

const texts = { 1: 'one', 2: 'two', 3: 'three' }

function program(dictionary: Dictionary) {
  return pipeline(
    'dictionary',
    ({ source }) => {
      const words = source('words', { codec: dictionary.codec() })
      return {
        counts: words.keyBy('text').count('counts'),
        out: words.filter(({ id }) => id > 1).toStream('out', dictionary.codec()),
      }
    },
    { keyGroups: 2 },
  )
}

test('a codec learns once what its records need, those within aggregated records too', async () => {
  const dictionary = new Dictionary(texts)
  const run = drive(program(dictionary))
  const aggregated = new KplWriter()
  for (const id of [3, 9]) aggregated.add('key', Uint8Array.of(id))
  await run.words.pushRaw(Uint8Array.of(1), Uint8Array.of(2), aggregated.finish())
  await run.words.pushRaw(Uint8Array.of(1), Uint8Array.of(9))
  assert.deepEqual(dictionary.asked, [
    [1, 2, 3, 9],
    [1, 2, 3],
  ])
  assert.deepEqual(
    run.counts.rows().map(({ key, value }) => [key, value]),
    [
      ['one', 2],
      ['three', 1],
      ['two', 1],
    ],
  )
  assert.deepEqual(run.out.values(), [
    { id: 2, text: 'two' },
    { id: 3, text: 'three' },
  ])
  const reason = 'Cannot read word: found 9, expected one that exists'
  assert.deepEqual(
    run.deadLetters().map(letter => letter.reason),
    [reason, reason],
  )
})

test('values are pushed once the codec knows how to write them', async () => {
  const run = drive(program(new Dictionary(texts)))
  await run.words.push({ id: 2, text: 'two' })
  assert.deepEqual(run.out.values(), [{ id: 2, text: 'two' }])
})

test('what cannot be learned now is asked for again with the batch', async () => {
  const dictionary = new Dictionary(texts)
  dictionary.fails = 3
  const run = drive(program(dictionary))
  await run.words.pushRaw(Uint8Array.of(1), Uint8Array.of(3))
  assert.deepEqual(run.out.values(), [{ id: 3, text: 'three' }])
  assert.equal(dictionary.asked.length, 5)
})

test('whatever await the runtime dies at, each record counts once', async () => {
  const dictionary = new Dictionary(texts)
  await crashEverywhere({
    pipeline: program(dictionary),
    options: { batchSize: 2 },
    play: async run => {
      dictionary.forget()
      await run.words.pushRaw(...[1, 2, 3, 9, 2].map(id => Uint8Array.of(id)))
      await run.split('words')
      await run.words.pushRaw(...[3, 3, 1].map(id => Uint8Array.of(id)))
    },
    see: async run => ({ counts: run.counts.rows(), out: run.out.values().length, letters: run.deadLetters().length }),
  })
})
