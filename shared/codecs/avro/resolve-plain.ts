import type { AvroLong } from './avro-value.ts'
import { longFor } from './default-value.ts'
import { Fault } from './fault.ts'
import { logicalReader, ratioOf } from './logical-values.ts'
import { promotions } from './matching.ts'
import type { Plan } from './plan.ts'
import { type FixedNode, type LogicalType, logicalName, logicalOf, type PrimitiveNode } from './schema-node.ts'

type PlainNode = PrimitiveNode | FixedNode

/** How a plain type is read as another one, undefined where it cannot be. Names of fixed are not looked at. */
export function resolvePlain(writer: PlainNode, reader: PlainNode, long: AvroLong): Plan | undefined {
  const before = logicalOf(writer)
  const logical = logicalOf(reader)
  if (before === undefined || logical === undefined || logicalName(before) === logicalName(logical)) {
    return withLogical(physical(writer, reader, longFor(reader, long)), logical)
  }
  return physical(writer, reader, 'either') && converted(before, writer, logical, reader, longFor(reader, long))
}

function physical(writer: PlainNode, reader: PlainNode, long: AvroLong): Plan | undefined {
  if (writer.kind === 'fixed') {
    return reader.kind === 'fixed' && reader.size === writer.size ? { kind: 'fixed', size: writer.size } : undefined
  }
  if (reader.kind === 'fixed') return undefined
  if (writer.kind === reader.kind) return reader.kind === 'long' ? { kind: 'long', as: long } : { kind: reader.kind }
  if (!promotions[writer.kind]?.includes(reader.kind)) return undefined
  switch (reader.kind) {
    case 'long':
      return long === 'bigint'
        ? { kind: 'convert', from: { kind: 'int' }, by: int => BigInt(Number(int)) }
        : { kind: 'int' }
    case 'float':
      return { kind: 'convert', from: wholeNumber(writer), by: whole => Math.fround(Number(whole)) }
    case 'double':
      if (writer.kind !== 'long') return writer.kind === 'float' ? { kind: 'float' } : { kind: 'int' }
      return { kind: 'convert', from: wholeNumber(writer), by: Number }
    // Strings and bytes are written alike.
    case 'string':
    case 'bytes':
      return { kind: reader.kind }
    default:
      return undefined
  }
}

const wholeNumber = (writer: PlainNode): Plan =>
  writer.kind === 'int' ? { kind: 'int' } : { kind: 'long', as: 'either' }

function withLogical(plain: Plan | undefined, logical: LogicalType | undefined): Plan | undefined {
  const by = plain === undefined || logical === undefined ? undefined : logicalReader(logical)
  return plain === undefined || by === undefined ? plain : { kind: 'convert', from: plain, by }
}

/**
 * From one logical type to another where nothing can be lost: to a finer unit, to a decimal with room for all that the writer's holds. The
 * specification asks for equal decimals and says nothing of times; to take the plain number would be another time.
 */
function converted(
  from: LogicalType,
  writer: PlainNode,
  to: LogicalType,
  reader: PlainNode,
  long: AvroLong,
): Plan | undefined {
  if (from.kind === 'decimal' && to.kind === 'decimal') {
    const added = to.scale - from.scale
    if (added < 0 || to.precision - to.scale < from.precision - from.scale) return undefined
    const plain = physical(writer, reader, long)
    const zeros = `${from.scale === 0 && added > 0 ? '.' : ''}${'0'.repeat(added)}`
    const text = withLogical(plain, from)
    return text && { kind: 'convert', from: text, by: value => `${value}${zeros}` }
  }
  const isTime = from.kind === 'time' && to.kind === 'time'
  const isTimestamp = from.kind === 'timestamp' && to.kind === 'timestamp' && from.isLocal === to.isLocal
  if (!isTime && !isTimestamp) return undefined
  const ratio = ratioOf(from.unit, to.unit)
  if (ratio < 1) return undefined
  const plain = writer.kind === 'int' ? ({ kind: 'int' } as const) : ({ kind: 'long', as: 'either' } as const)
  return withLogical({ kind: 'convert', from: plain, by: value => scaled(value, ratio, long) }, to)
}

function scaled(value: unknown, ratio: number, long: AvroLong): number | bigint {
  const product = BigInt(value as number | bigint) * BigInt(ratio)
  if (BigInt.asIntN(64, product) !== product)
    throw new Fault(`the time ${value}`, `one that fits a long times ${ratio}`)
  const isExact = BigInt(Number(product)) === product && Number.isSafeInteger(Number(product))
  if (long === 'bigint') return product
  if (isExact) return Number(product)
  if (long === 'either') return product
  throw new Fault(`the time ${product}`, 'one within 2^53, or the option long: "bigint"')
}
