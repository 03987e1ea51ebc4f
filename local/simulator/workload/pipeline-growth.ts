import { json } from '../../../shared/codecs/json.ts'
import type { Origins } from '../../../shared/dsl/origin.ts'
import type { Outputs } from '../../../shared/dsl/pipeline.ts'
import { sideOutput } from '../../../shared/dsl/side-output.ts'
import type { Results, Stream } from '../../../shared/dsl/stream.ts'
import { milliseconds } from '../../../shared/model/duration.ts'
import { tumbling } from '../../../shared/windows/window.ts'
import type { Random } from '../random.ts'
import { type AnyRow, type Fact, factOf, lucky } from './fact.ts'
import { factFormat } from './fact-formats.ts'
import { type GrownRows, growAggregate, keyed, type Moods } from './grown-aggregate.ts'
import { growLookup } from './grown-lookup.ts'
import { type Family, growOperator } from './grown-operators.ts'

/** A stream that the pipeline can go on from. */
export type Branch = {
  readonly stream: Stream<Fact, Origins>
  /** Shuffles behind it: a stage is named by its depth, so none feeds itself. */
  readonly depth: number
  /** Its values are states of rows that change: functions on it must not throw, and few operators make sense of it. */
  readonly isStale: boolean
  readonly name: string
}

/** Results that can be kept as a view. */
type AnyResults = Results<AnyRow, Origins, unknown>

/** Most outputs: more would only be slow. */
const mostOutputs = 8

/** Grows a pipeline operator by operator, from any stream that there is so far. */
export class PipelineGrowth {
  readonly #random: Random
  readonly #moods: Moods
  readonly #text: string[]
  readonly #branches: Branch[] = []
  readonly #outputs: Record<string, Outputs[string]> = {}
  #names = 0

  constructor(random: Random, moods: Moods, text: string[]) {
    this.#random = random
    this.#moods = moods
    this.#text = text
  }

  plant(name: string, stream: Stream<Fact, Origins>): void {
    this.#branches.push({ stream, depth: 0, isStale: false, name })
  }

  /** Takes so many steps; what is returned reaches every branch that was grown. */
  grow(steps: number, operators: Random, lookups: Random): Outputs {
    this.#everySource()
    for (let i = 0; i < steps; i++) this.#step()
    if (!this.#moods.isUnlucky && !operators.chance(0.5)) this.#operators(operators, operators.between(1, 3))
    for (const branch of this.#branches) {
      if (this.#isFull) break
      if (branch.depth > 0 && this.#random.chance(0.4)) this.#sink(branch)
    }
    if (Object.keys(this.#outputs).length === 0) this.#sink(this.#branches[0])
    if (lookups.chance(0.4)) this.#lookups(lookups, lookups.between(1, 2))
    return this.#outputs
  }

  /** Takes one step, for streams behind a shuffle, and has many operators of a family side by side: joins of joins take long. */
  growFamily(family: Family, operators: Random): Outputs {
    this.#step()
    this.#operators(operators, operators.between(4, 6), family, this.#steady)
    return this.#outputs
  }

  get #steady(): readonly Branch[] {
    return this.#branches.filter(branch => !branch.isStale)
  }

  get #isFull(): boolean {
    return Object.keys(this.#outputs).length >= mostOutputs
  }

  /** Each source is read, together or by itself. */
  #everySource(): void {
    const sources = [...this.#branches]
    if (sources.length > 1 && this.#random.chance(0.7)) this.#union(sources[0], sources[1])
    else for (const branch of sources) this.#aggregate(branch)
  }

  #step(): void {
    const random = this.#random
    // The newest branch more often than not: chains grow long.
    const branch = random.chance(0.6) ? (this.#branches.at(-1) ?? this.#branches[0]) : random.pick(this.#branches)
    const kind = random.below(branch.isStale ? 4 : 12)
    switch (kind) {
      case 0:
        return this.#map(branch)
      case 1:
        return this.#filter(branch)
      case 2:
        return this.#flatMap(branch)
      case 3:
        return this.#isFull ? undefined : this.#sink(branch)
      case 4:
        return this.#split(branch)
      case 5:
        return this.#union(branch, random.pick(this.#branches))
      case 6:
        return this.#distinct(branch)
      default:
        return this.#aggregate(branch)
    }
  }

  /**
   * Operators that are no aggregates, in half of the pipelines, behind streams whose values do not change. What they draw comes from
   * numbers of their own. Where functions throw for good there are none: what else of the record's unit stands is open then.
   */
  #operators(random: Random, most: number, family?: Family, roots?: readonly Branch[]): void {
    for (let i = 0; i < most && !this.#isFull; i++) {
      const steady = roots ?? this.#steady
      const { text, depth, facts, rows, outputs, isStale } = growOperator(
        {
          random,
          name: this.#name('operator'),
          moods: this.#moods,
          pick: () => random.pick(steady),
        },
        family,
      )
      this.#text.push(text)
      if (rows !== undefined) this.#view(rows, text)
      for (const [output, made] of Object.entries(outputs ?? {})) {
        if (!this.#isFull) this.#outputs[output] = made
      }
      if (facts === undefined) continue
      const stream = facts.peek(this.#moods.unsteadiness.check)
      const branch = { stream, depth, isStale, name: this.#name('s') }
      this.#text.push(`${branch.name} = what it gives`)
      this.#branches.push(branch)
      if (!this.#isFull) this.#sink(branch, random)
      if (!isStale && !this.#isFull && random.chance(0.4)) this.#countOf(branch, random)
    }
  }

  /** Behind any streams that there are, each with outputs of its own. */
  #lookups(random: Random, most: number): void {
    for (let i = 0; i < most; i++) {
      const from = random.pick(this.#branches)
      const { text, facts } = growLookup(random, from, this.#name('lookup'))
      this.#add(from, text, facts)
      const branch = this.#branches[this.#branches.length - 1]
      this.#sink(branch, random)
      if (!branch.isStale && random.chance(0.6)) this.#countOf(branch, random)
    }
  }

  /** Whether its event times are right shows behind it. */
  #countOf({ stream, depth }: Branch, random: Random): void {
    const name = this.#name('counted')
    const windows = tumbling(milliseconds(random.between(10, 200)))
    this.#view(
      stream
        .keyBy(`${name}-${depth}`, fact => fact.kind)
        .window(windows)
        .count(name),
      `${name} by kind`,
    )
  }

  #map(branch: Branch): void {
    const { stream } = branch
    if (this.#moods.isUnlucky && !branch.isStale && this.#random.chance(0.6)) {
      return this.#add(branch, 'map lucky', stream.map(lucky))
    }
    const by = this.#random.between(1, 5)
    const mapped = stream
      .map(fact => ({ ...fact, amount: fact.amount + by, kind: `${fact.kind}`.slice(0, 2) }))
      .peek(() => {})
    this.#add(branch, `map amount + ${by}, peek`, mapped)
  }

  #filter(branch: Branch): void {
    const rest = this.#random.between(2, 4)
    this.#add(
      branch,
      `filter id % ${rest}`,
      branch.stream.filter(fact => fact.id % rest !== 0),
    )
  }

  #flatMap(branch: Branch): void {
    const limit = this.#random.between(5, 30)
    const many = branch.stream.flatMap(
      (fact: Fact, side: { readonly small: (fact: Fact) => void }) => {
        if (fact.amount < limit) side.small({ ...fact, kind: 'small' })
        return fact.id % 3 === 0 ? [] : fact.id % 3 === 1 ? [fact] : [fact, { ...fact, user: `${fact.user}x` }]
      },
      { sides: { small: sideOutput<Fact>() } },
    )
    this.#add(branch, 'flatMap', many)
    if (this.#random.chance(0.7)) this.#add(branch, `flatMap.small < ${limit}`, many.side('small'))
  }

  #split(branch: Branch): void {
    const limit = this.#random.between(5, 30)
    const { low, even } = branch.stream.branch({
      low: fact => fact.amount < limit,
      even: fact => fact.id % 2 === 0,
    })
    this.#add(branch, `branch low < ${limit}`, low)
    if (this.#random.chance(0.7)) this.#add(branch, 'branch even', even)
  }

  #union(one: Branch, other: Branch): void {
    if (one === other) return
    const depth = Math.max(one.depth, other.depth)
    const isStale = one.isStale || other.isStale
    this.#add({ ...one, depth, isStale }, `union with ${other.name}`, one.stream.union(other.stream))
  }

  #distinct(branch: Branch): void {
    const { name, stream } = keyed(this.#random, branch)
    const by = this.#name('distinct')
    this.#add({ ...branch, depth: branch.depth + 1 }, `keyBy ${name}, ${by}`, stream.distinct(by))
  }

  #aggregate(branch: Branch): void {
    const grown = growAggregate(this.#random, branch, this.#name('aggregate'), this.#moods)
    this.#text.push(`${branch.name}: ${grown.text}`)
    this.#results(grown, branch.depth + 1)
    if (grown.late !== undefined) {
      const depth = branch.depth + 1
      this.#add({ ...branch, depth, isStale: false }, `late of ${grown.name}`, grown.late)
    }
  }

  /** Rows become a view, a top, or facts again. */
  #results(grown: GrownRows, depth: number): void {
    const random = this.#random
    const { rows, name } = grown
    if (random.chance(0.7) && !this.#isFull) this.#view(rows, name)
    if (random.chance(0.3) && !this.#isFull) {
      const rest = random.between(2, 4)
      const kept = rows.filter(row => Math.round(row.value) % rest !== 0)
      this.#view(kept, `${name} filtered % ${rest}`)
      if (random.chance(0.3) && !this.#isFull) this.#top(grown, kept, depth)
    }
    if (random.chance(0.35) && !this.#isFull) this.#top(grown, rows, depth)
    if (!grown.mayMerge) {
      this.#add({ stream: rows.map(factOf), depth, isStale: grown.isStale, name }, `facts of ${name}`, rows.map(factOf))
    }
  }

  #top({ isStale, isBounded }: GrownRows, rows: AnyResults, depth: number): void {
    const random = this.#random
    const name = this.#name('top')
    const emit = random.chance(0.5) ? {} : { emit: random.pick(['final', 'updates'] as const) }
    const count = random.between(1, 5)
    const top = rows.top(name, count, emit)
    this.#view(top, `${name} of ${count} ${JSON.stringify(emit)}`)
    const isFinal = (emit.emit ?? (isStale ? 'updates' : 'final')) === 'final' && isBounded
    if (random.chance(0.3)) {
      const facts = top.map(factOf)
      this.#add({ stream: facts, depth: depth + 1, isStale: !isFinal, name }, `facts of ${name}`, facts)
    }
  }

  #sink(branch: Branch, random: Random = this.#random): void {
    const { stream, name } = branch
    const output = this.#name('sink')
    const kind = random.pick(['stream', 'files', 'forEach'] as const)
    this.#text.push(`${name}: ${output} to ${kind}`)
    if (kind === 'stream') this.#outputs[output] = stream.toStream(`${output}-stream`, json<Fact>())
    else if (kind === 'files') this.#outputs[output] = stream.toFiles(factFormat(this.#names))
    else this.#outputs[output] = stream.forEach(() => {})
  }

  #view(rows: AnyResults, what: string): void {
    const output = this.#name('view')
    this.#text.push(`view ${output}: ${what}`)
    this.#outputs[output] = rows
  }

  #add(from: Branch, text: string, stream: Stream<Fact, Origins, unknown>): void {
    const name = this.#name('s')
    this.#text.push(`${name} = ${from.name}: ${text}`)
    this.#branches.push({ ...from, stream: stream.peek(this.#moods.unsteadiness.check), name })
  }

  #name(kind: string): string {
    return `${kind}${this.#names++}`
  }
}
