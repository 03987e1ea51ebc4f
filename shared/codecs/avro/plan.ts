import type { AvroLong } from './avro-value.ts'
import type { SchemaNode } from './schema-node.ts'

/** How bytes of a writer's schema become a value of a reader's: what `resolve` comes to and a decoder is made of. */
export type Plan =
  | { readonly kind: 'null' | 'boolean' | 'int' | 'float' | 'double' | 'bytes' | 'string' }
  | { readonly kind: 'long'; readonly as: AvroLong }
  | { readonly kind: 'fixed'; readonly size: number }
  | EnumPlan
  /** `isEmpty` says that an item may take no bytes. */
  | { readonly kind: 'array' | 'map'; readonly items: Plan; readonly isEmpty: boolean }
  | { readonly kind: 'union'; readonly branches: readonly Plan[] }
  | RecordPlan
  /** A value that is made of another one. May throw a Fault. */
  | { readonly kind: 'convert'; readonly from: Plan; readonly by: (value: unknown) => unknown }
  /** A value that its union tells apart by this name. */
  | { readonly kind: 'wrap'; readonly name: string; readonly inner: Plan }
  /** Nothing can be read: whatever record comes here is malformed. */
  | { readonly kind: 'impossible'; readonly what: string; readonly expected: string }

export type EnumPlan = {
  readonly kind: 'enum'
  readonly name: string
  /** In the writer's order, what each symbol is read as: undefined where the reader has neither it nor a default. */
  readonly symbols: readonly (string | undefined)[]
  readonly written: readonly string[]
  readonly known: readonly string[]
}

export type RecordPlan = {
  readonly kind: 'record'
  /** The reader's fields, in the reader's order. */
  readonly fields: readonly string[]
  /** In the writer's order. Filled while plans are made: a record may hold itself. */
  readonly steps: Step[]
  /** The reader's fields that the writer has not: each call makes a value of its own. */
  readonly defaults: Map<string, () => unknown>
}

/** A field of the writer's: `name` is the writer's name, `field` the reader's. */
export type Step =
  | { readonly kind: 'read'; readonly name: string; readonly field: string; readonly plan: Plan }
  | { readonly kind: 'skip'; readonly name: string; readonly node: SchemaNode }
