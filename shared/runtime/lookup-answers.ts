import { RetryBatchError } from '../model/errors.ts'
import { type Key, keyId } from '../model/key.ts'
import type { LookupNode } from '../plan/graph.ts'
import type { Ports } from '../ports/index.ts'
import type { Answer, LookupCache } from './lookup-cache.ts'
import { fetchAnswers, type Wanted } from './lookup-calls.ts'

/** Rounds of questions without a commit between them: far more than lookups can stand one behind the other. */
const mostRounds = 100

/**
 * The answers that an invocation goes by. A run is synchronous: where it lacks an answer it notes the key and puts nothing out; then it
 * is forgotten, the keys are asked for, and it is made again. Invariants:
 *
 * 1. an answer, a failure too, is the same for the whole invocation, whatever the cache keeps: every run comes to the same units
 * 2. nothing of a run that lacks an answer is believed or appended
 * 3. the first unit of an invocation gets all its answers, whatever the time: no batch comes again and again for nothing
 */
export class LookupAnswers {
  readonly #pinned = new Map<LookupNode, Map<string, Answer>>()
  readonly #wanted = new Map<LookupNode, Map<string, Wanted>>()
  readonly #ports: Pick<Ports, 'lookups' | 'clock'>
  readonly #cacheOf: (node: LookupNode) => LookupCache
  readonly #nowMs: number
  #unitsDone: () => number = () => 0
  #unitsBefore = 0
  #rounds = 0
  #hasCommitted = false

  constructor(ports: Pick<Ports, 'lookups' | 'clock'>, cacheOf: (node: LookupNode) => LookupCache) {
    this.#ports = ports
    this.#cacheOf = cacheOf
    this.#nowMs = ports.clock.now()
  }

  /** A run begins. `unitsDone`: how many units are wholly behind it. */
  begin(unitsDone: () => number): void {
    this.#wanted.clear()
    this.#unitsDone = unitsDone
  }

  /** Undefined when nothing is known: then the run lacks it. */
  find(node: LookupNode, key: Key): Answer | undefined {
    const id = keyId(key)
    const pinned = entryOf(this.#pinned, node)
    const known = pinned.get(id) ?? this.#cacheOf(node).get(id, this.#nowMs)
    if (known !== undefined) {
      pinned.set(id, known)
      return known
    }
    if (!this.isLacking) this.#unitsBefore = this.#unitsDone()
    const wanted = entryOf(this.#wanted, node)
    if (!wanted.has(id)) wanted.set(id, { id, key, mayNotWait: !this.#hasCommitted && this.#unitsDone() <= 0 })
    return undefined
  }

  /** Whether the run since `begin` wanted what is not known. */
  get isLacking(): boolean {
    return this.#wanted.size > 0
  }

  /** Units of the run that lack nothing, before the first that does. */
  get unitsBefore(): number {
    return this.#unitsBefore
  }

  /** Asks for what the run lacks. Answers for how much of it time was left. */
  async fetch(stage: string, isOutOfTime: () => boolean): Promise<'all' | 'some' | 'none'> {
    if (++this.#rounds > mostRounds) {
      throw new RetryBatchError(
        `Cannot look up for stage "${stage}": each of ${mostRounds} runs wanted other keys, expected a key function that gives one key for one value`,
      )
    }
    const asked = [...this.#wanted].map(([node, keys]) => this.#ask(node, [...keys.values()], isOutOfTime))
    const outcomes = await Promise.allSettled(asked)
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason
    const isKnown = [...this.#wanted].flatMap(([node, keys]) =>
      [...keys.keys()].map(id => entryOf(this.#pinned, node).has(id)),
    )
    if (isKnown.every(known => known)) return 'all'
    return isKnown.some(known => known) ? 'some' : 'none'
  }

  /** Something was committed. */
  committed(): void {
    this.#rounds = 0
    this.#hasCommitted = true
  }

  async #ask(node: LookupNode, wanted: readonly Wanted[], isOutOfTime: () => boolean): Promise<void> {
    const pinned = entryOf(this.#pinned, node)
    await fetchAnswers(node, wanted, this.#ports, isOutOfTime, (id, answer) => {
      pinned.set(id, answer)
      if ('value' in answer && answer.standsIn !== true)
        this.#cacheOf(node).set(id, answer.value, this.#ports.clock.now())
    })
  }
}

function entryOf<V>(maps: Map<LookupNode, Map<string, V>>, node: LookupNode): Map<string, V> {
  const known = maps.get(node)
  if (known !== undefined) return known
  const made = new Map<string, V>()
  maps.set(node, made)
  return made
}
