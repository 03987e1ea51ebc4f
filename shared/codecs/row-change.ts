import { describeThrown, MalformedRecordError } from '../model/errors.ts'
import { asBuffer } from './bytes.ts'
import { found, foundBytes, oneLine } from './found.ts'
import { readUtf8 } from './text.ts'

/**
 * A change of a row in a database, as change data capture tells it: what `materialize` takes. An update comes whole, with the row after it;
 * what was there before comes along where the database tells it.
 */
export type RowChange<Row> = {
  readonly kind: 'insert' | 'updateAfter' | 'delete'
  /** The row after the change; of a delete the row before it, of which the database may tell the key only. */
  readonly row: Row
  readonly before?: Row
  /** When the database made the change, epoch milliseconds. */
  readonly time: number
  /** The row was read as it was, when the capture began: not a change of its own. */
  readonly isSnapshot?: boolean
}

/** What a stream of changes holds beside changes of rows. */
export type ChangeNotice = {
  readonly kind: 'notice'
  /** After a delete, for compaction; of a whole table; written by an application. */
  readonly notice: 'tombstone' | 'truncate' | 'message'
  /** 0 where it tells none. */
  readonly time: number
}

/** For `filter`: lets changes of rows through. */
export const isRowChange = <Row>(change: RowChange<Row> | ChangeNotice): change is RowChange<Row> =>
  change.kind !== 'notice'

/** A JSON object to be read field by field: what is wrong names the field, what was found and what was expected. */
export class Fields {
  readonly #values: Record<string, unknown>
  readonly #path: string
  readonly #what: string

  constructor(what: string, values: Record<string, unknown>, path = '') {
    this.#what = what
    this.#values = values
    this.#path = path
  }

  has(name: string): boolean {
    const value = this.#values[name]
    return value !== undefined && value !== null
  }

  value(name: string): unknown {
    return this.#values[name]
  }

  object(name: string): Fields {
    return new Fields(this.#what, this.record(name), this.#pathOf(name))
  }

  record(name: string): Record<string, unknown> {
    const value = this.#values[name]
    return isRecord(value) ? value : this.refuse(name, 'an object')
  }

  number(name: string): number {
    const value = this.#values[name]
    return typeof value === 'number' && Number.isFinite(value) ? value : this.refuse(name, 'a number')
  }

  refuse(name: string, expected: string): never {
    const value = this.#values[name]
    const text = value === undefined ? 'nothing' : found(JSON.stringify(value))
    throw new MalformedRecordError(
      `Cannot read ${this.#what}: found ${text} at "${this.#pathOf(name)}", expected ${expected}`,
    )
  }

  #pathOf(name: string): string {
    return this.#path === '' ? name : `${this.#path}.${name}`
  }
}

/** A record as one JSON object. */
export function jsonObject(what: string, bytes: Uint8Array, start: number, end: number): Record<string, unknown> {
  const text = readUtf8(asBuffer(bytes), start, end)
  const refuse = (expected: string): never => {
    throw new MalformedRecordError(`Cannot read ${what}: found ${foundBytes(bytes, start, end)}, expected ${expected}`)
  }
  if (text === undefined) return refuse('UTF-8')
  try {
    const value: unknown = JSON.parse(text)
    if (isRecord(value)) return value
  } catch (error) {
    return refuse(`a JSON object (${oneLine(describeThrown(error))})`)
  }
  return refuse('a JSON object')
}

/** The row of an image: on trust, or what `validate` makes of it; what that throws makes the record malformed. */
export function rowOf<Row>(what: string, image: unknown, validate: ((row: unknown) => Row) | undefined): Row {
  // The one cast: without `validate` there is nothing to check the user's type against.
  if (validate === undefined) return image as Row
  try {
    return validate(image)
  } catch (error) {
    if (error instanceof MalformedRecordError) throw error
    throw new MalformedRecordError(`Cannot read ${what}: validate() refused a row: ${oneLine(describeThrown(error))}`, {
      cause: error,
    })
  }
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
