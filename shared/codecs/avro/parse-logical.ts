import { ConfigurationError } from '../../model/errors.ts'
import { found } from '../found.ts'
import { type Attributes, describeNode, type FixedNode, type LogicalType, type PrimitiveNode } from './schema-node.ts'

/** Logical types by what they are kept in. */
const simple: Readonly<Record<string, Readonly<Record<string, LogicalType>>>> = {
  int: { date: { kind: 'date' }, 'time-millis': { kind: 'time', unit: 'millis' } },
  long: {
    'time-micros': { kind: 'time', unit: 'micros' },
    'timestamp-millis': { kind: 'timestamp', unit: 'millis', isLocal: false },
    'timestamp-micros': { kind: 'timestamp', unit: 'micros', isLocal: false },
    'timestamp-nanos': { kind: 'timestamp', unit: 'nanos', isLocal: false },
    'local-timestamp-millis': { kind: 'timestamp', unit: 'millis', isLocal: true },
    'local-timestamp-micros': { kind: 'timestamp', unit: 'micros', isLocal: true },
    'local-timestamp-nanos': { kind: 'timestamp', unit: 'nanos', isLocal: true },
  },
  string: { uuid: { kind: 'uuid' } },
}

const known = new Set([...Object.values(simple).flatMap(types => Object.keys(types)), 'decimal', 'duration'])

/**
 * The logical type of a schema, or undefined where it has none. One that is not known is none, by the specification; one that is known and
 * does not fit is refused where `place` is given and none where not.
 */
export function parseLogical(
  schema: Attributes,
  node: PrimitiveNode | FixedNode,
  place: string | undefined,
): LogicalType | undefined {
  const { logicalType: name } = schema
  if (typeof name !== 'string' || !known.has(name)) return undefined
  const logical = logicalNamed(name, schema, node)
  if (logical === undefined && place !== undefined) {
    const what = `the logical type ${found(name)} of ${describeNode(node)}`
    const where = place === '' ? '' : ` at ${place}`
    const expected = name === 'decimal' ? 'bytes or fixed with a precision and a scale that fit' : 'what it is made for'
    throw new ConfigurationError(`Cannot read an Avro schema${where}: found ${what}, expected ${expected}`)
  }
  return logical
}

function logicalNamed(name: string, schema: Attributes, node: PrimitiveNode | FixedNode): LogicalType | undefined {
  if (name === 'decimal') return decimalOf(schema, node)
  if (node.kind === 'fixed') {
    if (name === 'duration' && node.size === 12) return { kind: 'duration' }
    return name === 'uuid' && node.size === 16 ? { kind: 'uuid' } : undefined
  }
  return simple[node.kind]?.[name]
}

/** Digits that a decimal may have: beyond, it is no number that somebody counts with, and takes long to be made text. */
const mostDigits = 10_000

function decimalOf({ precision, scale = 0 }: Attributes, node: PrimitiveNode | FixedNode): LogicalType | undefined {
  if (node.kind !== 'bytes' && node.kind !== 'fixed') return undefined
  if (!isWhole(precision, 1, mostDigits) || !isWhole(scale, 0, precision)) return undefined
  if (node.kind === 'fixed' && precision > digitsIn(node.size)) return undefined
  return { kind: 'decimal', precision, scale }
}

const isWhole = (value: unknown, least: number, most: number): value is number =>
  typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most

/** How many decimal digits always fit two's complement of so many bytes. */
const digitsIn = (bytes: number): number => (bytes === 0 ? 0 : Math.floor(Math.log10(2) * (8 * bytes - 1)))
