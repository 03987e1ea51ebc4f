import { describeThrown, MalformedRecordError } from '../model/errors.ts'
import { asBuffer } from './bytes.ts'
import type { Codec } from './codec.ts'
import { foundBytes, oneLine } from './found.ts'
import { isStandardSchema, type OutputOf, type StandardSchema } from './standard-schema.ts'
import { readUtf8 } from './text.ts'
import { validated } from './validated.ts'

/**
 * A record as JSON in UTF-8. With a schema of Zod, Valibot, ArkType or any other library of Standard Schema, the type is what the schema
 * makes of a record, and a record that it refuses is malformed: the message names the place, what was found there and the library's
 * reason. Without anything the type is taken on trust; with a function, it is what that returns, and whatever it throws makes the record
 * malformed. Schema and function must be pure, and answer at once: a retry decodes the same record again.
 *
 * With a schema, what is written is read back: a value that the schema would refuse as a record throws a RangeError.
 *
 * With Zod `json(z.object({ id: z.string(), cents: z.int() }))`; by hand:
 *
 * ```ts
 * const events = json<{ id: string }>()
 * const numbers = json(value => Number(value))
 * ```
 */
export function json<Schema extends StandardSchema>(schema: Schema): Codec<OutputOf<Schema>>
export function json<T>(validate?: (value: unknown) => T): Codec<T>
export function json<T>(check?: StandardSchema<unknown, T> | ((value: unknown) => T)): Codec<T> {
  if (isStandardSchema(check)) return checkedJson(check)
  return {
    name: 'json',
    decode: (bytes, start, end) => {
      const value = parse(bytes, start, end)
      // The one cast: without `validate` there is nothing to check the user's type against.
      if (check === undefined) return value as T
      try {
        return check(value)
      } catch (error) {
        if (error instanceof MalformedRecordError) throw error
        const reason = `found ${foundBytes(bytes, start, end)}, which validate() refused: ${oneLine(describeThrown(error))}`
        throw new MalformedRecordError(`Cannot read JSON: ${reason}`, { cause: error })
      }
    },
    encode: value => Buffer.from(textOf(value), 'utf8'),
  }
}

function checkedJson<T>(schema: StandardSchema<unknown, T>): Codec<T> {
  const check = validated('JSON', schema)
  return {
    name: 'json',
    decode: (bytes, start, end) => check(parse(bytes, start, end)),
    encode: value => {
      const text = textOf(value)
      try {
        check(JSON.parse(text))
      } catch (error) {
        const reason = describeThrown(error).replace(/^Cannot read JSON: /, '')
        throw new RangeError(`Cannot write JSON: it would not be read back: ${reason}`, { cause: error })
      }
      return Buffer.from(text, 'utf8')
    },
  }
}

function textOf(value: unknown): string {
  const text: string | undefined = JSON.stringify(value)
  if (text !== undefined) return text
  throw new RangeError(`Cannot write JSON: found ${typeof value}, expected a value that JSON has`)
}

function parse(bytes: Uint8Array, start: number, end: number): unknown {
  const text = readUtf8(asBuffer(bytes), start, end)
  if (text === undefined) {
    throw new MalformedRecordError(`Cannot read JSON: found ${foundBytes(bytes, start, end)}, expected UTF-8`)
  }
  try {
    const value: unknown = JSON.parse(text)
    return value
  } catch (error) {
    const reason = `found ${foundBytes(bytes, start, end)}, expected a JSON value (${oneLine(describeThrown(error))})`
    throw new MalformedRecordError(`Cannot read JSON: ${reason}`, { cause: error })
  }
}
