import { unscaledOf } from '../../shared/codecs/avro/decimal.ts'
import { Fault } from '../../shared/codecs/avro/fault.ts'
import type { LogicalType, SchemaNode } from '../../shared/codecs/avro/schema-node.ts'
import { misfit, oneOfType } from './misfit.ts'

/** The value of a logical type that JSON stands for: times in ISO 8601 or as Avro's numbers. */
export function ofLogical(node: SchemaNode, logical: LogicalType, value: unknown, where: string): unknown {
  switch (logical.kind) {
    case 'date':
      return dateFrom(value, where)
    case 'time':
      return timeFrom(value, logical.unit, where)
    case 'timestamp':
      return timestampFrom(value, logical, where)
    case 'decimal':
      return decimalFrom(value, logical, where)
    case 'uuid':
      if (typeof value === 'string' && uuid.test(value)) return value
      return misfit(where, value, 'a UUID')
    case 'duration':
      return typeof value === 'object' && value !== null ? value : misfit(where, value, oneOfType(node))
  }
}

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i
const msOfDay = 86_400_000

function dateFrom(value: unknown, where: string): string {
  const expected = 'a date such as 2016-03-22, or days since 1970'
  if (typeof value === 'number' && Number.isInteger(value) && Math.abs(value) < 100_000_000) {
    return new Date(value * msOfDay).toISOString().slice(0, -'T00:00:00.000Z'.length)
  }
  const isDate = typeof value === 'string' && /^\d{4}-\d{2}-\d{2}$/.test(value) && isTime(`${value}T00:00:00Z`)
  return isDate ? value : misfit(where, value, expected)
}

function timeFrom(value: unknown, unit: 'millis' | 'micros', where: string): number {
  const perSecond = unit === 'millis' ? 1_000 : 1_000_000
  const digits = unit === 'millis' ? 3 : 6
  const expected = `a time of day such as 20:25:28, or ${unit} since midnight`
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 && value < 86_400 * perSecond) return value
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

function decimalFrom(value: unknown, decimal: Extract<LogicalType, { kind: 'decimal' }>, where: string): string {
  const text = typeof value === 'string' ? value.replace(/^\+/, '') : String(value)
  try {
    unscaledOf(text, decimal)
    return text
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    return misfit(where, value, error.expected)
  }
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
