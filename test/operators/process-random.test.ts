import assert from 'node:assert/strict'
import { test } from 'node:test'
import { list, map, milliseconds } from '../../shared/index.ts'
import { Random } from '../codecs/random.ts'
import { underHarness } from './processing.ts'

type Step =
  | { readonly key: string; readonly time: number; readonly word: number }
  | { readonly key?: undefined; readonly watermark: number }

type Entry = { n: number; until: number }
type Known = { readonly words: Map<number, Entry>; readonly timers: Set<number> }

const ttlMs = 30
/** Timers that set themselves again do so before this. */
const untilMs = 400

/** Counts of words that expire one by one, looked at every now and then: with plain objects and loops. */
class Naive {
  readonly out: string[] = []
  readonly #keys = new Map<string, Known>()
  #watermark = Number.NEGATIVE_INFINITY

  take(step: Step): void {
    if (step.key === undefined) return this.#advance(step.watermark)
    const { key, time, word } = step
    const known: Known = this.#keys.get(key) ?? { words: new Map(), timers: new Set() }
    this.#keys.set(key, known)
    const before = known.words.get(word)
    const live = before !== undefined && before.until > time ? before : { n: 0, until: Number.NEGATIVE_INFINITY }
    known.words.set(word, { n: live.n + 1, until: Math.max(time + ttlMs, this.#watermark + ttlMs, live.until) })
    const at = Math.ceil((time + 1) / 20) * 20
    if (at > this.#watermark) known.timers.add(at)
    else this.#say(key, at, known, time)
  }

  #advance(watermark: number): void {
    for (;;) {
      const due = [...this.#keys].flatMap(([key, known]) => [...known.timers].map(at => ({ key, at, known })))
      const next = due.filter(({ at }) => at <= watermark).sort((a, b) => a.at - b.at)[0]
      if (next === undefined) break
      const { key, at, known } = next
      known.timers.delete(at)
      this.#drop(at)
      if (this.#say(key, at, known, at) && at < untilMs) known.timers.add(at + 17)
    }
    this.#watermark = watermark
    this.#drop(watermark)
  }

  #drop(time: number): void {
    for (const { words } of this.#keys.values()) {
      for (const [word, { until }] of words) if (until <= time) words.delete(word)
    }
  }

  #say(key: string, at: number, { words }: Known, now: number): boolean {
    const seen = [...words].filter(([, { until }]) => until > now).sort(([a], [b]) => a - b)
    this.out.push(`${key} @${at} ${seen.map(([word, { n }]) => `${word}x${n}`).join(' ')}`)
    return seen.length > 0
  }
}

function stepsOf(random: Random): Step[] {
  const steps: Step[] = []
  let time = 0
  let watermark = Number.NEGATIVE_INFINITY
  for (let i = 0; i < 80; i++) {
    time += random.below(8)
    if (random.below(5) > 0) {
      steps.push({ key: `k${random.below(3)}`, time: Math.max(0, time - random.below(30)), word: random.below(4) })
    } else if (time - 15 > watermark) {
      watermark = time - random.below(15)
      steps.push({ watermark })
    }
  }
  return [...steps, { watermark: 100_000 }]
}

const counted = () =>
  underHarness<number>(keyed =>
    keyed.process('p', {
      state: { words: map<number, number>({ ttl: milliseconds(ttlMs) }) },
      onRecord({ state, timers, time }, word) {
        state.words.update(word, (n = 0) => n + 1)
        timers.event(Math.ceil((time + 1) / 20) * 20)
      },
      *onTimer({ key, state, timers, time }, { at }) {
        const words = state.words.entries()
        yield `${key} @${at} ${words.map(([word, n]) => `${word}x${n}`).join(' ')}`
        if (words.length > 0 && at < untilMs && at === time) timers.event(at + 17)
      },
    }),
  )

test('timers and state that expire come out as a plain evaluation does, whatever is cut and restarted', () => {
  let expired = 0
  for (let seed = 1; seed <= 25; seed++) {
    const random = new Random(seed)
    const steps = stepsOf(random)
    const naive = new Naive()
    const { harness, values } = counted()
    for (const step of steps) {
      naive.take(step)
      if (step.key !== undefined) {
        harness.process(step.key, step.word, step.time)
      } else {
        harness.advance(
          step.watermark,
          () => random.below(3) === 0,
          () => {
            if (random.below(2) === 0) harness.restart()
          },
        )
      }
      if (random.below(3) > 0) continue
      harness.commit()
      if (random.below(2) === 0) harness.page()
      if (random.below(2) === 0) harness.restart()
    }
    const byKey = (lines: readonly unknown[]) => Object.groupBy(lines.map(String), line => line.slice(0, 2))
    assert.deepEqual(byKey(values()), byKey(naive.out), `seed ${seed}`)
    assert.equal(harness.isEmpty, true, `seed ${seed}`)
    expired += naive.out.filter(line => line.endsWith(' ')).length
  }
  assert.ok(expired > 20, 'words expire before they are looked at')
})

type Change = { readonly what: 'add' | 'shift' | 'set' | 'clear'; readonly n: number }

test('a list of a key is an array of its own, whatever is cut and restarted', () => {
  for (let seed = 1; seed <= 30; seed++) {
    const random = new Random(seed)
    const arrays = new Map<string, number[]>()
    const { harness, values } = underHarness<Change>(keyed =>
      keyed.process('p', {
        state: { numbers: list<number>() },
        *onRecord({ state: { numbers } }, { what, n }) {
          if (what === 'add') numbers.add(n, n + 1)
          else if (what === 'shift') yield [numbers.shift()]
          else if (what === 'set') numbers.set([n])
          else numbers.clear()
          yield numbers.get()
        },
      }),
    )
    for (let n = 0; n < 120; n++) {
      const key = `k${random.below(2)}`
      const array = arrays.get(key) ?? []
      arrays.set(key, array)
      const what = random.pick(['add', 'add', 'add', 'shift', 'shift', 'shift', 'shift', 'set', 'clear'] as const)
      const expected: (number | undefined)[][] = []
      if (what === 'add') array.push(n, n + 1)
      else if (what === 'shift') expected.push([array.shift()])
      else array.splice(0, array.length, ...(what === 'set' ? [n] : []))
      harness.process(key, { what, n }, 1)
      assert.deepEqual(values(), [...expected, array], `seed ${seed}`)
      if (random.below(3) > 0) continue
      harness.commit()
      if (random.below(4) === 0) harness.page()
      if (random.below(2) === 0) harness.restart()
    }
  }
})
