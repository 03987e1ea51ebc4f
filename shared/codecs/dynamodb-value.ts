import { MalformedRecordError } from '../model/errors.ts'
import { found } from './found.ts'

/**
 * A DynamoDB attribute value as a plain one: numbers as numbers, whole ones that a number cannot hold exactly as bigint, sets as Set, binary
 * as Uint8Array. Throws a MalformedRecordError for what is no attribute value.
 */
export function plainValue(value: unknown): unknown {
  const [type, held] = typeOf(value)
  switch (type) {
    case 'S':
    case 'BOOL':
      return typeof held === (type === 'S' ? 'string' : 'boolean') ? held : refuse(value)
    case 'N':
      return numberOf(held)
    case 'B':
      return binaryOf(held)
    case 'NULL':
      return null
    case 'M':
      return plainItem(held)
    case 'L':
      return listOf(held).map(plainValue)
    case 'SS':
      return new Set(listOf(held))
    case 'NS':
      return new Set(listOf(held).map(numberOf))
    case 'BS':
      return new Set(listOf(held).map(binaryOf))
    default:
      return refuse(value)
  }
}

/** An item, attribute by attribute. */
export function plainItem(item: unknown): Record<string, unknown> {
  if (typeof item !== 'object' || item === null || Array.isArray(item)) return refuse(item)
  return Object.fromEntries(Object.entries(item).map(([name, value]) => [name, plainValue(value)]))
}

/** The inverse of `plainValue`. */
export function attributeValue(value: unknown): Record<string, unknown> {
  switch (typeof value) {
    case 'string':
      return { S: value }
    case 'number':
    case 'bigint':
      return { N: String(value) }
    case 'boolean':
      return { BOOL: value }
  }
  if (value === null) return { NULL: true }
  if (value instanceof Uint8Array) return { B: Buffer.from(value).toString('base64') }
  if (Array.isArray(value)) return { L: value.map(attributeValue) }
  if (value instanceof Set) return setOf([...value])
  if (typeof value === 'object') return { M: attributes(value) }
  throw new RangeError(`Cannot write a DynamoDB value: found ${typeof value}, expected what an item holds`)
}

/** The inverse of `plainItem`: properties that are undefined are left out. */
export const attributes = (item: object): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(item).flatMap(([name, value]) => (value === undefined ? [] : [[name, attributeValue(value)]])),
  )

function setOf(values: readonly unknown[]): Record<string, unknown> {
  const [first] = values
  if (first instanceof Uint8Array) return { BS: values.map(value => attributeValue(value).B) }
  return typeof first === 'string' ? { SS: values } : { NS: values.map(String) }
}

function typeOf(value: unknown): readonly [type: string, held: unknown] {
  const [only, ...others] = typeof value === 'object' && value !== null ? Object.entries(value) : []
  return only === undefined || others.length > 0 ? refuse(value) : only
}

const listOf = (held: unknown): readonly unknown[] => (Array.isArray(held) ? held : refuse(held))

function numberOf(held: unknown): number | bigint {
  if (typeof held !== 'string' || !/^-?\d+(\.\d*)?([eE][+-]?\d+)?$/.test(held)) return refuse(held)
  const value = Number(held)
  return /^-?\d+$/.test(held) && !Number.isSafeInteger(value) ? BigInt(held) : value
}

const binaryOf = (held: unknown): Uint8Array =>
  typeof held === 'string' ? new Uint8Array(Buffer.from(held, 'base64')) : refuse(held)

function refuse(value: unknown): never {
  const text = value === undefined ? 'nothing' : found(JSON.stringify(value))
  throw new MalformedRecordError(
    `Cannot read a DynamoDB value: found ${text}, expected one of S, N, B, BOOL, NULL, M, L, SS, NS, BS`,
  )
}
