/** An Avro schema as JSON: a name, a union, or an object with a `type`. Types are inferred from one that is written in the program. */
export type AvroSchema = string | readonly AvroSchema[] | AvroSchemaObject

type AvroSchemaObject = { readonly type: AvroSchema; readonly [attribute: string]: unknown }

/**
 * What a `long` is in the program. `number`: whole numbers up to 2^53, others are refused and never rounded. `bigint`: all of them.
 * `either`: a number where it is exact, else a bigint.
 */
export type AvroLong = 'number' | 'bigint' | 'either'

/** A `duration` of Avro: three numbers that are not converted into each other, each from 0 to 2^32 - 1. */
export type AvroDuration = { readonly months: number; readonly days: number; readonly milliseconds: number }

/**
 * The type of the values of an Avro schema that is written in the program (`as const`, or handed to `avro` directly). What the
 * schema does not say, e.g. one that was read from a file, is `unknown`.
 *
 * ```ts
 * const reading = { type: 'record', name: 'Reading', fields: [{ name: 'celsius', type: ['null', 'double'] }] } as const
 * type Reading = AvroValue<typeof reading>   // { readonly celsius: number | null }
 * ```
 */
export type AvroValue<Schema, Long extends AvroLong = 'number'> = [AvroSchema] extends [Schema]
  ? unknown
  : ValueOf<Schema, '', Defined<Schema, ''>, Long>

/** A named type of the schema: its full name, the schema and the namespace that holds inside. */
type Definition = { readonly name: string; readonly schema: unknown; readonly space: string }

type Longs = { readonly number: number; readonly bigint: bigint; readonly either: number | bigint }

type Primitives<Long extends AvroLong> = {
  readonly null: null
  readonly boolean: boolean
  readonly int: number
  readonly long: Longs[Long]
  readonly float: number
  readonly double: number
  readonly bytes: Uint8Array
  readonly string: string
}

type ValueOf<Schema, Space extends string, Names, Long extends AvroLong> = Schema extends string
  ? string extends Schema
    ? unknown
    : Schema extends keyof Primitives<Long>
      ? Primitives<Long>[Schema]
      : Lookup<Schema, Space, Names> extends infer Found
        ? Found extends Definition
          ? DefinedValue<Found['schema'], Found['space'], Names, Long>
          : unknown
        : never
  : Schema extends readonly unknown[]
    ? UnionValue<Schema[number], Space, Names, Long>
    : Schema extends { readonly type: infer Type }
      ? Type extends 'record' | 'error' | 'enum' | 'fixed'
        ? DefinedValue<Schema, SpaceOf<Schema, Space>, Names, Long>
        : Type extends 'array'
          ? Schema extends { readonly items: infer Items }
            ? readonly ValueOf<Items, Space, Names, Long>[]
            : unknown
          : Type extends 'map'
            ? Schema extends { readonly values: infer Values }
              ? { readonly [key: string]: ValueOf<Values, Space, Names, Long> }
              : unknown
            : Schema extends { readonly logicalType: infer Logical }
              ? LogicalValue<Type, Logical, ValueOf<Type, Space, Names, Long>, Long>
              : ValueOf<Type, Space, Names, Long>
      : unknown

/** The value of a named type, whose own namespace is known. */
type DefinedValue<Schema, Space extends string, Names, Long extends AvroLong> = Schema extends {
  readonly fields: infer Fields extends readonly FieldSchema[]
}
  ? { readonly [Field in Fields[number] as Field['name']]: ValueOf<Field['type'], Space, Names, Long> }
  : Schema extends { readonly symbols: readonly (infer Name)[] }
    ? Name
    : Schema extends { readonly type: 'fixed' }
      ? Schema extends { readonly logicalType: infer Logical }
        ? LogicalValue<'fixed', Logical, Uint8Array, Long>
        : Uint8Array
      : unknown

type FieldSchema = { readonly name: string; readonly type: unknown }

/** See the table in docs/avro.md. What does not fit its type is no logical type. */
type LogicalValue<Type, Logical, Plain, Long extends AvroLong> = Type extends 'int'
  ? Logical extends 'date'
    ? string
    : Plain
  : Type extends 'long'
    ? Logical extends 'timestamp-millis' | 'local-timestamp-millis' | 'time-micros'
      ? number
      : Logical extends 'timestamp-nanos' | 'local-timestamp-nanos'
        ? bigint
        : Logical extends 'timestamp-micros' | 'local-timestamp-micros'
          ? Longs[Long]
          : Plain
    : Type extends 'bytes'
      ? Logical extends 'decimal'
        ? string
        : Plain
      : Type extends 'fixed'
        ? Logical extends 'decimal' | 'uuid'
          ? string
          : Logical extends 'duration'
            ? AvroDuration
            : Plain
        : Plain

/** Branches that are objects are told apart by their names where there are several; all others by what they are. */
type UnionValue<Branch, Space extends string, Names, Long extends AvroLong> =
  IsSeveral<ObjectName<Branch, Space, Names>> extends true
    ? WrappedValue<Branch, Space, Names, Long>
    : Branch extends unknown
      ? ValueOf<Branch, Space, Names, Long>
      : never

type WrappedValue<Branch, Space extends string, Names, Long extends AvroLong> = Branch extends unknown
  ? [ObjectName<Branch, Space, Names>] extends [never]
    ? ValueOf<Branch, Space, Names, Long>
    : { readonly [Name in ObjectName<Branch, Space, Names>]: ValueOf<Branch, Space, Names, Long> }
  : never

/** Of a branch whose value is an object: its full name, or `map`. */
type ObjectName<Branch, Space extends string, Names> = Branch extends string
  ? Branch extends keyof Primitives<'number'>
    ? never
    : ObjectDefinition<Lookup<Branch, Space, Names>>
  : Branch extends { readonly type: infer Type }
    ? Type extends 'map'
      ? 'map'
      : Type extends 'record' | 'error' | 'fixed'
        ? ObjectDefinition<{ readonly name: FullName<Branch, Space>; readonly schema: Branch; readonly space: '' }>
        : Type extends string
          ? Type extends 'array' | 'enum' | keyof Primitives<'number'>
            ? never
            : ObjectName<Type, Space, Names>
          : ObjectName<Type, Space, Names>
    : never

type ObjectDefinition<Found> = Found extends Definition
  ? Found['schema'] extends { readonly fields: unknown } | { readonly type: 'fixed'; readonly logicalType: 'duration' }
    ? Found['name']
    : never
  : never

type IsSeveral<Names, Each = Names> = [Names] extends [never]
  ? false
  : Each extends unknown
    ? [Names] extends [Each]
      ? false
      : true
    : never

/** All named types of a schema. */
type Defined<Schema, Space extends string> = Schema extends readonly (infer Branch)[]
  ? Defined<Branch, Space>
  : Schema extends { readonly type: infer Type }
    ? Type extends 'record' | 'error'
      ? DefinitionOf<Schema, Space> | DefinedInFields<Schema, SpaceOf<Schema, Space>>
      : Type extends 'enum' | 'fixed'
        ? DefinitionOf<Schema, Space>
        : Schema extends { readonly items: infer Items }
          ? Defined<Items, Space>
          : Schema extends { readonly values: infer Values }
            ? Defined<Values, Space>
            : Defined<Type, Space>
    : never

type DefinitionOf<Schema, Space extends string> = {
  readonly name: FullName<Schema, Space>
  readonly schema: Schema
  readonly space: SpaceOf<Schema, Space>
}

type DefinedInFields<Schema, Space extends string> = Schema extends {
  readonly fields: readonly (infer Field)[]
}
  ? Field extends { readonly type: infer Type }
    ? Defined<Type, Space>
    : never
  : never

/** A name without a dot is looked for in the namespace where it stands, then in none. */
type Lookup<Name extends string, Space extends string, Names> = [
  Extract<Names, { readonly name: Qualified<Name, Space> }>,
] extends [never]
  ? Extract<Names, { readonly name: Name }>
  : Extract<Names, { readonly name: Qualified<Name, Space> }>

type Qualified<Name extends string, Space extends string> = Name extends `${string}.${string}`
  ? Name
  : Space extends ''
    ? Name
    : `${Space}.${Name}`

type FullName<Schema, Space extends string> = Schema extends { readonly name: infer Name extends string }
  ? Name extends `${string}.${string}`
    ? Name
    : Qualified<Name, SpaceOf<Schema, Space>>
  : never

/** The namespace that holds inside a named type: its name's, else its own attribute, else the one around it. */
type SpaceOf<Schema, Space extends string> = Schema extends { readonly name: infer Name extends string }
  ? Name extends `${string}.${string}`
    ? BeforeLastDot<Name>
    : Schema extends { readonly namespace: infer Own extends string }
      ? Own
      : Space
  : Space

type BeforeLastDot<Name extends string> = Name extends `${infer First}.${infer Rest}`
  ? Rest extends `${string}.${string}`
    ? `${First}.${BeforeLastDot<Rest>}`
    : First
  : ''
