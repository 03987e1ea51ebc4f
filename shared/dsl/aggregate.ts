import { filtered, type Passed } from '../operators/aggregates/filtered.ts'
import { lifted, several } from '../operators/aggregates/several.ts'
import type { Aggregator } from '../operators/aggregator.ts'
import type { AggregateSpec, Loose, Taking } from '../plan/graph.ts'

/** What an aggregate is, for the plan and the runtime. */
export type AggregateForm = {
  /** What it is called in `explain`; says all that its state means. */
  readonly function: string
  readonly spec: AggregateSpec
  readonly takes: Taking
  /** Over what `takes` says. */
  readonly aggregator: Aggregator<unknown, unknown, unknown>
  /** Whether records may be put together before they are sent: it does not depend on their order, and its accumulator is small. */
  readonly combines: boolean
  /** Whether what it takes holds the whole value. */
  readonly holdsValue: boolean
  /** The result of no value at all, where only some are let through. */
  readonly whenEmpty: () => unknown
}

/**
 * An aggregate as a value: give it to `aggregate(name, ...)` of a keyed or windowed stream, alone or as a part of an object of several.
 * `V` is what it takes, `R` what it gives, `Empty` what it gives of no values. Immutable.
 */
export class Aggregate<V, R, Empty = R> {
  declare readonly takes: (value: V) => void
  declare readonly gives: R
  declare readonly empty: Empty
  readonly #form: AggregateForm

  constructor(form: AggregateForm) {
    this.#form = form
  }

  static formOf(aggregate: Aggregate<never, unknown, unknown>): AggregateForm {
    return aggregate.#form
  }

  /**
   * The same of those values only for which `predicate` holds (SQL: `FILTER (WHERE ...)`). Of none, counts are 0, lists empty, and
   * anything else null.
   */
  where<W extends V>(predicate: (value: W) => boolean): Aggregate<W, R | Empty, Empty> {
    return new Aggregate(filteredForm(this.#form, predicate))
  }
}

/** Several aggregates, by the names of their results. */
export type Aggregates<V> = { readonly [name: string]: Aggregate<V, unknown, unknown> }

/** A row's value: of several aggregates an object of their results, of a single one what it gives. */
export type Aggregated<Several, R> = string extends keyof Several
  ? R
  : { readonly [Name in keyof Several]: Several[Name] extends Aggregate<never, infer One, unknown> ? One : never }

/** One aggregate of a single one, or of several. */
export const formOf = (what: Aggregate<never, unknown, unknown> | Aggregates<never>): AggregateForm =>
  what instanceof Aggregate ? Aggregate.formOf(what) : severalForm(what)

/** Passes where nothing is taken of the value. */
const passed: Passed<0> = Object.freeze([0])

function filteredForm(form: AggregateForm, predicate: Loose<[value: unknown], boolean>): AggregateForm {
  const part = partOf(form.takes)
  const pass = (value: unknown): Passed<unknown> => {
    if (!predicate(value)) return null
    return form.takes.kind === 'nothing' ? passed : [part(value)]
  }
  const aggregator = filtered(form.aggregator, form.whenEmpty)
  const isWhole = form.takes.kind === 'value'
  return {
    ...form,
    function: `${form.function} where`,
    spec: Object.freeze({ kind: 'where', accepts: predicate, of: form.spec }),
    takes: isWhole ? form.takes : { kind: 'part', lift: pass },
    aggregator: isWhole ? lifted(aggregator, pass) : aggregator,
  }
}

function severalForm(what: Aggregates<never>): AggregateForm {
  const members = Object.entries(what).map(([name, aggregate]) => ({ name, form: Aggregate.formOf(aggregate) }))
  const parts = members.map(({ form }) => partOf(form.takes))
  const lift = (value: unknown): readonly unknown[] => parts.map(part => part(value))
  const whole = several(members.map(({ name, form }) => ({ name, aggregator: form.aggregator })))
  const holders = members.filter(({ form }) => form.holdsValue).length
  const isWhole = holders > 1 || members.some(({ form }) => form.takes.kind === 'value')
  return {
    function: `{ ${members.map(({ name, form }) => `${name}: ${form.function}`).join(', ')} }`,
    spec: Object.freeze({
      kind: 'several',
      members: Object.fromEntries(members.map(({ name, form }) => [name, form.spec])),
    }),
    takes: isWhole ? { kind: 'value' } : { kind: 'part', lift },
    aggregator: isWhole ? lifted(whole, lift) : whole,
    combines: !isWhole && members.every(({ form }) => form.combines),
    holdsValue: holders > 0,
    whenEmpty: () => null,
  }
}

/** What an aggregate gets of a value; a value that is taken as it is, or not at all, takes no part out. */
function partOf(takes: Taking): (value: unknown) => unknown {
  switch (takes.kind) {
    case 'nothing':
      return () => 0
    case 'part':
      return takes.lift
    case 'value':
      return value => value
  }
}
