import { describeThrown, MalformedRecordError } from '../model/errors.ts'
import { asBuffer } from './bytes.ts'
import type { Codec } from './codec.ts'
import { foundBytes, oneLine } from './found.ts'
import { readUtf8 } from './text.ts'

/**
 * A record as JSON in UTF-8. Without `validate` the type is taken on trust; with it, the type is what `validate` returns, and
 * whatever it throws makes the record malformed. `validate` must be pure: a retry decodes the same record again.
 *
 * ```ts
 * const events = json<Event>()
 * const checked = json(value => eventSchema.parse(value))
 * ```
 */
export function json<T>(validate?: (value: unknown) => T): Codec<T> {
  return {
    name: 'json',
    decode: (bytes, start, end) => {
      const value = parse(bytes, start, end)
      // The one cast: without `validate` there is nothing to check the user's type against.
      if (validate === undefined) return value as T
      try {
        return validate(value)
      } catch (error) {
        if (error instanceof MalformedRecordError) throw error
        const reason = `found ${foundBytes(bytes, start, end)}, which validate() refused: ${oneLine(describeThrown(error))}`
        throw new MalformedRecordError(`Cannot read JSON: ${reason}`, { cause: error })
      }
    },
    encode: value => {
      const text: string | undefined = JSON.stringify(value)
      if (text !== undefined) return Buffer.from(text, 'utf8')
      throw new RangeError(`Cannot write JSON: found ${typeof value}, expected a value that JSON has`)
    },
  }
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
