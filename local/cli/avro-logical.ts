import { Fault } from '../../shared/codecs/avro/fault.ts'
import { logicalReader, logicalWriter } from '../../shared/codecs/avro/logical-values.ts'
import type { FixedNode, LogicalType, PrimitiveNode } from '../../shared/codecs/avro/schema-node.ts'
import { misfit } from './misfit.ts'

/** A type whose values have a meaning of their own. */
export type LogicalNode = (PrimitiveNode | FixedNode) & { readonly logical: LogicalType }

/** The value of a logical type that JSON stands for: times in ISO 8601 or as Avro's numbers. */
export function ofLogical(node: LogicalNode, value: unknown, where: string): unknown {
  const { logical } = node
  switch (logical.kind) {
    case 'date':
      return dateFrom(node, value, where)
    case 'time':
      return timeFrom(node, logical.unit, value, where)
    case 'timestamp':
      return timestampFrom(value, logical, where)
    case 'decimal': {
      const text = typeof value === 'string' ? value.replace(/^\+/, '') : String(value)
      taken(where, value, undefined, () => logicalWriter(logical, node)(text))
      return text
    }
    case 'uuid':
    case 'duration':
      taken(where, value, undefined, () => logicalWriter(logical, node)(value))
      return value
  }
}

/** What the codec makes of it. Where it refuses, it says what is expected unless we do. */
function taken<T>(where: string, value: unknown, expected: string | undefined, make: () => T): T {
  try {
    return make()
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    return misfit(where, value, expected ?? error.expected)
  }
}

function dateFrom(node: LogicalNode, value: unknown, where: string): unknown {
  const expected = 'a date such as 2016-03-22, or days since 1970'
  const isDays = typeof value === 'number' && Number.isInteger(value)
  const text = isDays ? taken(where, value, expected, () => logicalReader(node.logical)?.(value)) : value
  taken(where, value, expected, () => logicalWriter(node.logical, node)(text))
  return text
}

function timeFrom(node: LogicalNode, unit: 'millis' | 'micros', value: unknown, where: string): unknown {
  const perSecond = unit === 'millis' ? 1_000 : 1_000_000
  const digits = unit === 'millis' ? 3 : 6
  const expected = `a time of day such as 20:25:28, or ${unit} since midnight`
  if (typeof value === 'number' && Number.isInteger(value)) {
    return taken(where, value, expected, () => logicalWriter(node.logical, node)(value))
  }
  const parts = typeof value === 'string' ? /^(\d{2}):(\d{2})(?::(\d{2})(?:\.(\d+))?)?$/.exec(value) : null
  if (parts === null) return misfit(where, value, expected)
  const [, hour, minute, second = '0', fraction = ''] = parts
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59 || fraction.length > digits) {
    return misfit(where, value, expected)
  }
  return (
    (Number(hour) * 3_600 + Number(minute) * 60 + Number(second)) * perSecond + Number(fraction.padEnd(digits, '0'))
  )
}

/** In text a time without a zone is UTC. */
function timestampFrom(
  value: unknown,
  { unit }: Extract<LogicalType, { kind: 'timestamp' }>,
  where: string,
): number | bigint {
  const digits = { millis: 3, micros: 6, nanos: 9 }[unit]
  const expected = `a time such as 2016-03-22T20:25:28Z, or ${unit} since 1970`
  if (typeof value === 'number' || typeof value === 'bigint' || (typeof value === 'string' && /^-?\d+$/.test(value))) {
    const whole = wholeFrom(value, where, expected, 63n)
    return unit === 'nanos' ? BigInt(whole) : whole
  }
  const parts =
    typeof value === 'string'
      ? /^(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}(?::\d{2})?)(?:\.(\d+))?(Z|[+-]\d{2}:?\d{2})?$/.exec(value)
      : null
  if (parts === null) return misfit(where, value, expected)
  const [, date, time, fraction = '', zone = 'Z'] = parts
  const text = `${date}T${time.length === 5 ? `${time}:00` : time}`
  const at = zone === 'Z' ? 'Z' : `${zone.slice(0, 3)}:${zone.slice(-2)}`
  if (fraction.length > digits || !isTime(`${text}Z`) || Number.isNaN(Date.parse(`${text}${at}`))) {
    return misfit(where, value, expected)
  }
  const whole =
    BigInt(Date.parse(`${text}${at}`) / 1_000) * 10n ** BigInt(digits) + BigInt(fraction.padEnd(digits, '0'))
  return unit === 'nanos' ? whole : exact(whole)
}

/** Whether it is a day and a time that there are: Date rolls the 30th of February over. */
const isTime = (text: string): boolean => {
  const ms = Date.parse(text)
  return !Number.isNaN(ms) && new Date(ms).toISOString().startsWith(text.slice(0, -1))
}

/** A number, or a text of digits: JSON's own numbers lose those beyond 2^53. */
export function wholeFrom(value: unknown, where: string, expected: string, bits: bigint): number | bigint {
  const isDigits = typeof value === 'string' && /^[+-]?\d{1,20}$/.test(value)
  const isWhole = typeof value === 'bigint' || (typeof value === 'number' && Number.isInteger(value))
  if (!isDigits && !isWhole) return misfit(where, value, expected)
  const whole = BigInt(typeof value === 'string' ? value.replace('+', '') : value)
  if (whole < -(2n ** bits) || whole >= 2n ** bits) return misfit(where, value, expected)
  return exact(whole)
}

/** A number where it is exact. */
const exact = (whole: bigint): number | bigint => (Number.isSafeInteger(Number(whole)) ? Number(whole) : whole)
