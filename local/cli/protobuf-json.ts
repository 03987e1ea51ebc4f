import { type DescMessage, fromJson, type JsonValue, type Message, type Registry, toJson } from '@bufbuild/protobuf'
import { foundValue, oneLine } from '../../shared/codecs/found.ts'
import { describeThrown, MalformedRecordError } from '../../shared/model/errors.ts'
import { jsonSafe } from './json-safe.ts'
import { MalformedLineError } from './malformed-line.ts'

/** What JSON.parse gave, with texts for the whole numbers that no double has: protobuf's JSON takes them. */
// The one cast: nothing else is left of it.
export const jsonValue = (value: unknown): JsonValue => jsonSafe(value) as JsonValue

/**
 * The message that JSON stands for, as protobuf defines it (ProtoJSON): fields by their names in the .proto file or in camel case. Throws a
 * MalformedLineError, also for fields that the message does not have.
 */
export function messageOfJson(desc: DescMessage, json: JsonValue, types: Registry): Message {
  try {
    return fromJson(desc, json, { registry: types })
  } catch (error) {
    throw new MalformedLineError(
      `found ${foundValue(json)}, expected message ${desc.typeName}: ${reasonOf(error, desc)}`,
    )
  }
}

/** A message as ProtoJSON, with the fields that have their default and no presence. Throws a MalformedRecordError for what JSON cannot say. */
export function jsonOfMessage(desc: DescMessage, message: Message, types: Registry): JsonValue {
  try {
    return toJson(desc, message, { registry: types, alwaysEmitImplicit: true })
  } catch (error) {
    throw new MalformedRecordError(`Cannot read ${desc.typeName} as JSON: ${reasonOf(error, desc)}`, { cause: error })
  }
}

/** In the library's words, without the name of the message that the sentence has already. */
const reasonOf = (error: unknown, { typeName }: DescMessage): string =>
  oneLine(describeThrown(error))
    .replace(/^cannot (?:de|en)code /, '')
    .replace(/ (?:from|to) JSON: /, ': ')
    .replaceAll(`${typeName}.`, '')
