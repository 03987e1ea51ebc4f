import { found } from '../found.ts'
import type { AvroDuration } from './avro-value.ts'
import { decimalBytes, decimalText } from './decimal.ts'
import { Fault } from './fault.ts'
import type { FixedNode, LogicalType, PrimitiveNode, TimeUnit } from './schema-node.ts'

const dayMs = 86_400_000

/** What a Date holds, in milliseconds around 1970. */
const dateMs = 8_640_000_000_000_000

const perMilli: Readonly<Record<TimeUnit, number>> = { millis: 1, micros: 1_000, nanos: 1_000_000 }

/** How many of the finer unit make one of the coarser. */
export const ratioOf = (from: TimeUnit, to: TimeUnit): number => perMilli[to] / perMilli[from]

/** How a logical type's value is made of the plain one; undefined where both are the same. Throws a Fault. */
export function logicalReader(logical: LogicalType): ((plain: unknown) => unknown) | undefined {
  switch (logical.kind) {
    case 'date':
      return plain => dateText(asNumber(plain))
    case 'time': {
      const limit = dayMs * perMilli[logical.unit]
      return plain => withinDay(asNumber(plain), limit)
    }
    case 'timestamp':
      return logical.unit === 'millis' ? plain => withinDate(asNumber(plain)) : undefined
    case 'decimal':
      return plain => decimalText(asBytes(plain), logical)
    case 'uuid':
      return plain => (typeof plain === 'string' ? checkedUuid(plain) : uuidText(asBytes(plain)))
    case 'duration':
      return plain => durationOf(asBytes(plain))
  }
}

/** The other way. What it returns is still to be checked against the plain type. */
export function logicalWriter(logical: LogicalType, node: PrimitiveNode | FixedNode): (value: unknown) => unknown {
  switch (logical.kind) {
    case 'date':
      return daysOf
    case 'time': {
      const limit = dayMs * perMilli[logical.unit]
      return value => (typeof value === 'number' ? withinDay(value, limit) : value)
    }
    case 'timestamp':
      return logical.unit === 'millis' ? value => (typeof value === 'number' ? withinDate(value) : value) : same
    case 'decimal': {
      const size = node.kind === 'fixed' ? node.size : undefined
      return value => decimalBytes(value, logical, size)
    }
    case 'uuid':
      return node.kind === 'fixed' ? uuidBytes : value => (typeof value === 'string' ? checkedUuid(value) : value)
    case 'duration':
      return durationBytes
  }
}

const same = (value: unknown): unknown => value

// A plan reads what its logical type is kept in, so that these casts hold.
const asNumber = (plain: unknown): number => plain as number
const asBytes = (plain: unknown): Uint8Array => plain as Uint8Array

function dateText(days: number): string {
  const ms = days * dayMs
  if (Math.abs(ms) > dateMs) throw new Fault(`day ${days}`, 'a date between -271821-04-20 and +275760-09-13')
  return new Date(ms).toISOString().slice(0, -'T00:00:00.000Z'.length)
}

function daysOf(value: unknown): number {
  if (typeof value === 'string' && /^(\d{4}|[+-]\d{6})-\d\d-\d\d$/.test(value)) {
    const ms = Date.parse(value)
    // Date.parse takes the 30th of February for a day in March.
    if (!Number.isNaN(ms) && dateText(ms / dayMs) === value) return ms / dayMs
  }
  throw new Fault(shown(value), 'a date as "2024-02-29"')
}

function withinDay(value: number, limit: number): number {
  if (value >= 0 && value < limit) return value
  throw new Fault(String(value), `a time of day from 0 to ${limit - 1}`)
}

function withinDate(value: number): number {
  if (Math.abs(value) <= dateMs) return value
  throw new Fault(String(value), `milliseconds within ${dateMs} of 1970`)
}

const isUuid = (text: string): boolean => /^[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}$/i.test(text)

function checkedUuid(text: string): string {
  if (isUuid(text)) return text
  throw new Fault(found(text), 'a UUID')
}

function uuidText(bytes: Uint8Array): string {
  const digits = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex')
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}

function uuidBytes(value: unknown): Uint8Array {
  if (typeof value === 'string' && isUuid(value)) return Buffer.from(value.replaceAll('-', ''), 'hex')
  throw new Fault(shown(value), 'a UUID')
}

function durationOf(bytes: Uint8Array): AvroDuration {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  return { months: view.readUInt32LE(0), days: view.readUInt32LE(4), milliseconds: view.readUInt32LE(8) }
}

function durationBytes(value: unknown): Uint8Array {
  const bytes = Buffer.alloc(12)
  for (const [i, name] of (['months', 'days', 'milliseconds'] as const).entries()) {
    const part: unknown =
      typeof value === 'object' && value !== null && name in value ? Reflect.get(value, name) : undefined
    if (typeof part !== 'number' || !Number.isInteger(part) || part < 0 || part >= 2 ** 32) {
      throw new Fault(`${name} ${shown(part)}`, 'a duration of months, days and milliseconds, each from 0 to 2^32 - 1')
    }
    bytes.writeUInt32LE(part, 4 * i)
  }
  return bytes
}

/** A value for a message. */
export function shown(value: unknown): string {
  if (typeof value === 'string') return found(value)
  if (typeof value === 'object' && value !== null) {
    return Array.isArray(value) ? 'an array' : ArrayBuffer.isView(value) ? 'bytes' : 'an object'
  }
  return typeof value === 'bigint' ? `${value}n` : typeof value === 'function' ? 'a function' : String(value)
}
