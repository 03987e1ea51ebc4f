import { MalformedRecordError } from '../../model/errors.ts'
import { asBuffer } from '../bytes.ts'
import { AvroInput } from './avro-input.ts'
import { AvroOutput } from './avro-output.ts'
import { Fault, pathText } from './fault.ts'
import type { Read } from './read-function.ts'
import type { Write } from './write-function.ts'

/** Reads and writes single values: one input and one output, used again and again. */
export class ValueCoder {
  readonly #input = new AvroInput()
  readonly #output = new AvroOutput()

  /** Throws a MalformedRecordError with the path in the value. All bytes must be the value's. */
  decode(read: Read, bytes: Uint8Array, start: number, end: number): unknown {
    const input = this.#input
    input.open(asBuffer(bytes), start, end)
    try {
      const value = read(input)
      if (input.at !== end) throw new Fault(`${end - input.at} bytes behind the value`, 'none')
      return value
    } catch (error) {
      throw malformed(error)
    } finally {
      input.close()
    }
  }

  /** Throws a RangeError with the path in the value. */
  encode(write: Write, value: unknown): Uint8Array {
    const output = this.#output
    output.beginValue()
    try {
      write(output, value)
      return output.take()
    } catch (error) {
      output.reset()
      throw unwritable(error)
    }
  }
}

/** What a Fault of reading is to the user; other errors are ours, and stay. `where` is added, e.g. ` of block 3`. */
export function malformed(error: unknown, where = ''): unknown {
  if (!(error instanceof Fault)) return error
  const what = `found ${error.message}, expected ${error.expected}`
  return new MalformedRecordError(`Cannot read ${pathText(error)}${where}: ${what}`, { cause: error })
}

export function unwritable(error: unknown): unknown {
  if (!(error instanceof Fault)) return error
  const what = `found ${error.message}, expected ${error.expected}`
  return new RangeError(`Cannot write ${pathText(error)}: ${what}`, { cause: error })
}
