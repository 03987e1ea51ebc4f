import { arrayChanges } from './json-array-diff.ts'
import { areHarmless, below, isHarmless, type JsonChange, limitChange } from './json-changes.ts'
import { combinedChanges } from './json-combined-diff.ts'
import type { JsonNode } from './json-node.ts'
import { objectChanges } from './json-object-diff.ts'
import { isSameJson } from './same-json.ts'

/** The changes from one part of a schema to another; either may be missing. */
export type Compare = (before: JsonNode | undefined, after: JsonNode | undefined) => readonly JsonChange[]

/**
 * The changes from one JSON Schema to another. Recursive schemas: a pair that is being compared already is taken for one without harm, and
 * all is compared again with the pairs that turned out harmful, until no more do.
 */
export function jsonChanges(before: JsonNode, after: JsonNode): readonly JsonChange[] {
  let harmful = new Pairs<readonly JsonChange[]>()
  for (;;) {
    const comparison = new Comparison(harmful)
    const changes = comparison.compare(before, after)
    if (!comparison.hasAssumed || comparison.harmful.size === harmful.size) return changes
    harmful = comparison.harmful
  }
}

/** Pairs of nodes and what is known of them. */
class Pairs<T> {
  size = 0
  readonly #found = new Map<JsonNode, Map<JsonNode, T>>()

  get(before: JsonNode, after: JsonNode): T | undefined {
    return this.#found.get(before)?.get(after)
  }

  set(before: JsonNode, after: JsonNode, value: T): void {
    const row = this.#found.get(before) ?? new Map<JsonNode, T>()
    if (!row.has(after)) this.size++
    this.#found.set(before, row.set(after, value))
  }
}

class Comparison {
  readonly harmful = new Pairs<readonly JsonChange[]>()
  hasAssumed = false
  readonly #before: Pairs<readonly JsonChange[]>
  readonly #done = new Pairs<readonly JsonChange[] | 'begun'>()

  constructor(harmful: Pairs<readonly JsonChange[]>) {
    this.#before = harmful
  }

  readonly compare: Compare = (before, after) => {
    if (before === undefined || after === undefined) {
      if (before === after) return []
      return [{ kind: before === undefined ? 'SCHEMA_ADDED' : 'SCHEMA_REMOVED', place: '' }]
    }
    const done = this.#done.get(before, after)
    if (done === 'begun') {
      const known = this.#before.get(before, after)
      if (known === undefined) this.hasAssumed = true
      return known ?? []
    }
    if (done !== undefined) return done
    this.#done.set(before, after, 'begun')
    const changes = atMost(nodeChanges(before, after, this.compare))
    this.#done.set(before, after, changes)
    if (!areHarmless(changes)) this.harmful.set(before, after, changes)
    return changes
  }
}

/** Definitions that refer to each other have more ways to a change than can be told; those that do harm come first. */
const mostChanges = 100

function atMost(changes: readonly JsonChange[]): readonly JsonChange[] {
  if (changes.length <= mostChanges) return changes
  return changes.toSorted((a, b) => Number(isHarmless(a)) - Number(isHarmless(b))).slice(0, mostChanges)
}

function nodeChanges(before: JsonNode, after: JsonNode, compare: Compare): readonly JsonChange[] {
  const branch = throughBranch(before, after, compare)
  if (branch !== undefined) return branch
  if (before.kind !== after.kind) {
    const isBytes = before.about.connectType === 'bytes' && after.about.connectType === 'bytes'
    if (before.kind === 'nothing' || after.kind === 'anything' || isBytes) return []
    return [{ kind: 'TYPE_CHANGED', place: '' }]
  }
  return [...aboutChanges(before, after), ...sameKindChanges(before, after, compare)]
}

/** A schema may become one of several, or be left over from several: then one of them is compared with it. */
function throughBranch(before: JsonNode, after: JsonNode, compare: Compare): readonly JsonChange[] | undefined {
  if (before.kind !== 'combined' && after.kind === 'combined') {
    const isSingle = after.schemas.length === 1
    if (!isSingle && after.criterion === 'allOf') return undefined
    const fitting = after.schemas.map(schema => compare(before, schema())).find(areHarmless)
    if (fitting === undefined || isSingle) return fitting
    return [...fitting, { kind: 'SUM_TYPE_EXTENDED', place: '' }]
  }
  if (before.kind === 'combined' && after.kind !== 'combined') {
    const isSingle = before.schemas.length === 1
    if (!isSingle && before.criterion !== 'allOf') return undefined
    const fitting = before.schemas.map(schema => compare(schema(), after)).find(areHarmless)
    if (fitting === undefined || isSingle) return fitting
    return [...fitting, { kind: 'PRODUCT_TYPE_NARROWED', place: '' }]
  }
  return undefined
}

function aboutChanges({ about: before }: JsonNode, { about: after }: JsonNode): readonly JsonChange[] {
  const kinds = { id: 'ID', title: 'TITLE', description: 'DESCRIPTION', default: 'DEFAULT' } as const
  return (['id', 'title', 'description', 'default'] as const)
    .filter(name => !isSameJson(before[name], after[name]))
    .map(name => ({ kind: `${kinds[name]}_CHANGED`, place: '' }))
}

function sameKindChanges(before: JsonNode, after: JsonNode, compare: Compare): readonly JsonChange[] {
  if (before.kind === 'string' && after.kind === 'string') return stringChanges(before.keywords, after.keywords)
  if (before.kind === 'number' && after.kind === 'number') return numberChanges(before, after)
  if (before.kind === 'const' && after.kind === 'const') {
    return isSameJson(before.value, after.value) ? [] : [{ kind: 'ENUM_ARRAY_CHANGED', place: '/const' }]
  }
  if (before.kind === 'enum' && after.kind === 'enum') return enumChanges(before.values, after.values)
  if (before.kind === 'combined' && after.kind === 'combined') return combinedChanges(before, after, compare)
  if (before.kind === 'not' && after.kind === 'not') {
    // What was forbidden may only become less.
    const isNarrowed = areHarmless(compare(after.schema(), before.schema()))
    return [{ kind: isNarrowed ? 'NOT_TYPE_NARROWED' : 'NOT_TYPE_EXTENDED', place: '/not' }]
  }
  if (before.kind === 'object' && after.kind === 'object') return objectChanges(before, after, compare)
  if (before.kind === 'array' && after.kind === 'array') return arrayChanges(before, after, compare)
  return []
}

type Keywords = Readonly<Record<string, unknown>>

function stringChanges(before: Keywords, after: Keywords): readonly JsonChange[] {
  const place = '/pattern'
  const patterns: readonly JsonChange[] =
    before.pattern === after.pattern
      ? []
      : [
          {
            kind:
              before.pattern === undefined
                ? 'PATTERN_ADDED'
                : after.pattern === undefined
                  ? 'PATTERN_REMOVED'
                  : 'PATTERN_CHANGED',
            place,
          },
        ]
  return [
    ...limitChange('maxLength', 'MAX_LENGTH', before.maxLength, after.maxLength),
    ...limitChange('minLength', 'MIN_LENGTH', before.minLength, after.minLength),
    ...patterns,
  ]
}

type NumberNode = Extract<JsonNode, { kind: 'number' }>

function numberChanges(
  { keywords: before, isInteger }: NumberNode,
  { keywords: after, isInteger: isStill }: NumberNode,
): readonly JsonChange[] {
  return [
    ...limitChange('maximum', 'MAXIMUM', before.maximum, after.maximum),
    ...limitChange('minimum', 'MINIMUM', before.minimum, after.minimum),
    ...limitChange('exclusiveMaximum', 'EXCLUSIVE_MAXIMUM', before.exclusiveMaximum, after.exclusiveMaximum),
    ...limitChange('exclusiveMinimum', 'EXCLUSIVE_MINIMUM', before.exclusiveMinimum, after.exclusiveMinimum),
    ...multipleChanges(before.multipleOf, after.multipleOf),
    ...(isInteger === isStill ? [] : [{ kind: isInteger ? 'TYPE_EXTENDED' : 'TYPE_NARROWED', place: '' }]),
  ]
}

function multipleChanges(before: unknown, after: unknown): readonly JsonChange[] {
  const change = (what: string) => [{ kind: `MULTIPLE_OF_${what}`, place: '/multipleOf' }]
  if (before === after) return []
  if (typeof before !== 'number') return change('ADDED')
  if (typeof after !== 'number') return change('REMOVED')
  if (isMultiple(after, before)) return change('EXPANDED')
  return change(isMultiple(before, after) ? 'REDUCED' : 'CHANGED')
}

/** Decimal fractions have no exact quotient in binary. */
function isMultiple(value: number, of: number): boolean {
  const quotient = value / of
  return of !== 0 && Math.abs(quotient - Math.round(quotient)) < 1e-9
}

function enumChanges(before: readonly unknown[], after: readonly unknown[]): readonly JsonChange[] {
  const holds = (all: readonly unknown[], some: readonly unknown[]) =>
    some.every(value => all.some(each => isSameJson(each, value)))
  const [isExtended, isNarrowed] = [holds(after, before), holds(before, after)]
  if (isExtended && isNarrowed) return []
  return below('/enum', [
    { kind: `ENUM_ARRAY_${isExtended ? 'EXTENDED' : isNarrowed ? 'NARROWED' : 'CHANGED'}`, place: '' },
  ])
}
