import { MalformedRecordError } from '../model/errors.ts'
import type { Codec } from './codec.ts'
import { foundBytes } from './found.ts'
import { packValue, unpackValue } from './values.ts'

/** Values as the engine keeps them, of those that another format has read: whatever that gives comes back as it was. */
export function valuesOf<T>(format: string): Codec<T> {
  return {
    name: `values of ${format}`,
    decode: (bytes, start, end) => {
      try {
        // The one cast: what is read is what `encode` was given.
        return unpackValue(bytes.subarray(start, end)) as T
      } catch (error) {
        throw new MalformedRecordError(
          `Cannot read a value of ${format}: found ${foundBytes(bytes, start, end)}, expected one as millrace packs it`,
          { cause: error },
        )
      }
    },
    encode: value => packValue(value),
  }
}
