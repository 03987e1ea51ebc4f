import { type DescMessage, fromBinary, isMessage, type MessageShape, toBinary } from '@bufbuild/protobuf'
import { describeThrown, MalformedRecordError } from '../../model/errors.ts'
import { asBuffer } from '../bytes.ts'
import type { Codec } from '../codec.ts'
import { found, oneLine } from '../found.ts'
import { type RegisteredProtobuf, registeredProtobuf } from './registered-protobuf.ts'
import { WireCheck, type WireFault } from './wire-check.ts'
import { wireMessage } from './wire-fields.ts'

/** What `protobuf` may be told. */
export type ProtobufOptions = {
  /**
   * What becomes of fields that the message type does not have, because the writer's is newer. Kept ones are in `$unknown`, and are written
   * again with the message.
   * @default 'keep'
   */
  readonly unknownFields?: 'keep' | 'drop'
}

/**
 * A record as a protobuf message, by the code that protoc-gen-es made of a .proto file (Protobuf-ES, version 2), whose types it has.
 * Bytes that are no such message make the record malformed, and the message names the field: one that ends too early or reaches beyond
 * what holds it, a value of another wire type, a string that is not UTF-8 (of any syntax), a group that does not end, more than 100
 * messages inside each other. Other fields, and fields that are not there, are no error: so protobuf's schemas grow. A value that its
 * field cannot hold throws a RangeError when it is written.
 *
 * With a `registry`, records are framed as its serializers frame them, with the schema's id and which of its messages it is: see
 * `RegisteredProtobuf`.
 *
 * `protobuf(OrderSchema)`, with the `OrderSchema` of a generated `order_pb.ts`, is the codec of `Order`.
 */
export function protobuf<Desc extends DescMessage>(
  schema: Desc,
  options: ProtobufOptions | (ProtobufOptions & RegisteredProtobuf) = {},
): Codec<MessageShape<Desc>> {
  const bare = bareProtobuf(schema, options)
  return 'registry' in options ? registeredProtobuf(bare, schema.typeName, options) : bare
}

function bareProtobuf<Desc extends DescMessage>(schema: Desc, options: ProtobufOptions): Codec<MessageShape<Desc>> {
  const { typeName } = schema
  const readUnknownFields = options.unknownFields !== 'drop'
  const message = wireMessage(schema)
  const check = new WireCheck()
  return {
    name: 'protobuf',
    decode: (given, start, end) => {
      const bytes = asBuffer(given)
      const fault = check.run(message, bytes, start, end)
      if (fault !== undefined) throw malformed(typeName, fault, start)
      const record = bytes.subarray(start, end)
      try {
        return fromBinary(schema, check.keepsBytes ? new Uint8Array(record) : record, { readUnknownFields })
      } catch (error) {
        // The library looks at strings too, and does not say where.
        const inText = check.run(message, bytes, start, end, true)
        if (inText !== undefined) throw malformed(typeName, inText, start)
        const reason = `found bytes that the library refuses: ${oneLine(describeThrown(error))}`
        throw new MalformedRecordError(`Cannot read ${typeName}: ${reason}, expected a message`, { cause: error })
      }
    },
    encode: value => {
      const other = isMessage(value) ? value.$typeName : typeof value
      if (!isMessage(value, schema)) {
        throw new RangeError(`Cannot write ${typeName}: found a value of ${other}, expected one that create() makes`)
      }
      const bytes = written(typeName, () => toBinary(schema, value))
      // The library puts U+FFFD in place of half a surrogate pair, but U+FFFD may also be what the value has.
      const broken = bytes.includes(0xef) ? brokenText(value) : undefined
      if (broken !== undefined) {
        throw new RangeError(`Cannot write ${typeName}: found ${found(broken)}, expected no half of a surrogate pair`)
      }
      return bytes
    },
  }
}

function written(typeName: string, write: () => Uint8Array): Uint8Array {
  try {
    return write()
  } catch (error) {
    throw new RangeError(`Cannot write ${typeName}: ${oneLine(describeThrown(error))}`, { cause: error })
  }
}

/** A text of the message that UTF-8 cannot hold. */
function brokenText(value: unknown): string | undefined {
  if (typeof value === 'string') return value.isWellFormed() ? undefined : value
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return undefined
  for (const [key, inside] of Object.entries(value)) {
    const broken = brokenText(key) ?? brokenText(inside)
    if (broken !== undefined) return broken
  }
  return undefined
}

function malformed(typeName: string, fault: WireFault, start: number): MalformedRecordError {
  const { path, at, found: what, expected } = fault
  const where = path.length === 0 ? '' : ` at "${oneLine(path.join('.'))}"`
  return new MalformedRecordError(
    `Cannot read ${typeName}: found ${what}${where} (byte ${at - start}), expected ${expected}`,
  )
}
