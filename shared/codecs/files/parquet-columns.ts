import { asBuffer } from '../bytes.ts'
import { found } from '../found.ts'
import { readUtf8 } from '../text.ts'

/** A kind of column of a parquet file: which values it takes, and as what they are stored. */
export interface Column<T> {
  /** For messages, e.g. `a whole number of 32 bits`. */
  readonly expected: string
  /** What parquet calls it. */
  readonly type: StoredType
  readonly isOptional: boolean
  /** What is stored for a value, null for a missing one; undefined for a value that the column cannot hold. */
  store(value: T): Stored | undefined
  /** The value that `store` was given; undefined for what it would never have stored. */
  restore(stored: Stored): Found<T> | undefined
  /** About how many bytes it takes. */
  size(stored: Stored): number
}

/** A value that was read, which may itself be undefined. */
export type Found<T> = { readonly value: T }
export type Stored = string | number | bigint | boolean | Uint8Array | null

export type StoredType = {
  readonly type: 'BOOLEAN' | 'INT32' | 'INT64' | 'DOUBLE' | 'BYTE_ARRAY'
  readonly converted_type?: 'UTF8' | 'TIMESTAMP_MILLIS'
  readonly logical_type?:
    | { readonly type: 'STRING' }
    | { readonly type: 'TIMESTAMP'; readonly isAdjustedToUTC: true; readonly unit: 'MILLIS' }
}

const whole = (value: unknown, most: number): value is number =>
  typeof value === 'number' && Number.isInteger(value) && value >= -most - 1 && value <= most

const required = <T>(
  expected: string,
  type: StoredType,
  size: number,
  store: (value: T) => Stored | undefined,
  restore: (stored: Stored) => T | undefined,
): Column<T> => ({
  expected,
  type,
  isOptional: false,
  store,
  restore: stored => {
    const value = restore(stored)
    return value === undefined ? undefined : { value }
  },
  size: () => size,
})

/** Text, stored as UTF-8. */
const text: Column<string> = {
  ...required<string>(
    'text without half of a surrogate pair',
    { type: 'BYTE_ARRAY', converted_type: 'UTF8', logical_type: { type: 'STRING' } },
    0,
    value => (typeof value === 'string' && value.isWellFormed() ? value : undefined),
    // Some programs write text as bytes and do not say that it is text.
    stored => (stored instanceof Uint8Array ? readUtf8(asBuffer(stored), 0, stored.length) : asText(stored)),
  ),
  // In UTF-8 a character of a text takes up to three bytes; most take one.
  size: stored => 4 + (typeof stored === 'string' ? stored.length : 0),
}

const most32 = 2 ** 31 - 1
/** A whole number of 32 bits. */
const int: Column<number> = required(
  'a whole number of 32 bits',
  { type: 'INT32' },
  4,
  value => (whole(value, most32) ? value + 0 : undefined),
  stored => asNumber(stored, most32 + 1),
)

const asBigInt = (value: unknown, most: number): bigint | undefined =>
  typeof value === 'number' && Number.isInteger(value) && Math.abs(value) <= most ? BigInt(value) : undefined
const asText = (stored: Stored): string | undefined => (typeof stored === 'string' ? stored : undefined)
/** Whole numbers are stored in 32 bits by some programs, in 64 by others. */
const asNumber = (stored: Stored, most: number): number | undefined => {
  const value = typeof stored === 'bigint' || typeof stored === 'number' ? Number(stored) : Number.NaN
  return Number.isInteger(value) && Math.abs(value) <= most ? value : undefined
}

/** A whole number within ±(2^53 - 1), stored in 64 bits. */
const long: Column<number> = required(
  'a whole number within ±(2^53 - 1)',
  { type: 'INT64' },
  8,
  value => asBigInt(value, Number.MAX_SAFE_INTEGER),
  stored => asNumber(stored, Number.MAX_SAFE_INTEGER),
)

/** A bigint of 64 bits. */
const bigint: Column<bigint> = required(
  'a bigint of 64 bits',
  { type: 'INT64' },
  8,
  value => (typeof value === 'bigint' && BigInt.asIntN(64, value) === value ? value : undefined),
  stored => (typeof stored === 'bigint' ? stored : whole(stored, most32) ? BigInt(stored) : undefined),
)

/** Any number, as a double; -0 becomes 0. */
const float: Column<number> = required(
  'a number',
  { type: 'DOUBLE' },
  8,
  value => (typeof value === 'number' ? value + 0 : undefined),
  stored => (typeof stored === 'number' ? stored : undefined),
)

const boolean: Column<boolean> = required(
  'true or false',
  { type: 'BOOLEAN' },
  0.125,
  value => (typeof value === 'boolean' ? value : undefined),
  stored => (typeof stored === 'boolean' ? stored : undefined),
)

/** What a Date holds. */
const mostTimeMs = 8.64e15
/** A time in milliseconds since 1970, in UTC. */
const timestamp: Column<number> = required(
  'a time in whole milliseconds since 1970',
  {
    type: 'INT64',
    converted_type: 'TIMESTAMP_MILLIS',
    logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: true, unit: 'MILLIS' },
  },
  8,
  value => asBigInt(value, mostTimeMs),
  stored => asNumber(stored, mostTimeMs),
)

const bytes: Column<Uint8Array> = {
  ...required<Uint8Array>(
    'bytes',
    { type: 'BYTE_ARRAY' },
    0,
    value => (value instanceof Uint8Array ? value : undefined),
    stored => (stored instanceof Uint8Array ? stored : undefined),
  ),
  size: stored => 4 + (stored instanceof Uint8Array ? stored.length : 0),
}

/** A column whose value may be missing: undefined, null in the file. */
function optional<T>(column: Column<T>): Column<T | undefined> {
  return {
    expected: `${column.expected} or undefined`,
    type: column.type,
    isOptional: true,
    store: value => (value === undefined ? null : column.store(value)),
    restore: stored => (stored === null ? { value: undefined } : column.restore(stored)),
    size: stored => (stored === null ? 0.125 : 0.125 + column.size(stored)),
  }
}

/** The kinds of columns that a parquet file may have. */
export const column = { text, int, long, bigint, float, boolean, timestamp, bytes, optional } as const

/** What a column cannot hold. */
export function refuseValue(at: number, name: string, value: unknown, expected: string): never {
  const what = typeof value === 'string' ? found(value) : typeof value === 'object' ? kindOf(value) : String(value)
  throw new RangeError(`Cannot write column ${at + 1} ${found(name)}: found ${what}, expected ${expected}`)
}

const kindOf = (value: object | null): string =>
  value === null ? 'null' : Array.isArray(value) ? 'an array' : 'an object'
