import assert from 'node:assert/strict'
import { csv } from '../../shared/codecs/csv.ts'
import type { Field } from '../../shared/codecs/csv-field.ts'
import { text } from '../../shared/codecs/csv-fields.ts'
import { MalformedRecordError } from '../../shared/model/errors.ts'

/** A column as it stands in a line, and the same with quotes around it. */
export const quotedToo = (column: string): readonly string[] => [column, `"${column.replaceAll('"', '""')}"`]

/** Checks what a field makes of one column between two others: each spelling of it, by the fast way and by the slow way. */
export function columnChecks(spellings: (column: string) => readonly string[] = column => [column]) {
  /** The value or the message. */
  function read<T>(field: Field<T>, column: string): T | string {
    const { fast, ...slow } = field
    assert.ok(fast !== undefined)
    const answers = [field, slow].flatMap(each => spellings(column).map(written => readLine(each, written)))
    for (const other of answers) assert.deepEqual(other, answers[0], 'all ways must agree')
    return answers[0]
  }

  function reads<T>(field: Field<T>, column: string, value: T): void {
    assert.deepEqual(read(field, column), value, column)
  }

  function refuses<T>(field: Field<T>, column: string): void {
    const message = `Cannot read column 1 "a": found ${JSON.stringify(column)}, expected ${field.expected}`
    assert.equal(read(field, column), message)
  }

  return { read, reads, refuses }
}

function readLine<T>(field: Field<T>, column: string): T | string {
  const codec = csv({ a: field, b: text, c: field })
  const bytes = Buffer.from(`${column},x,${column}`)
  try {
    const { a, c } = codec.decode(bytes, 0, bytes.length)
    assert.deepEqual(a, c)
    return a
  } catch (error) {
    assert.ok(error instanceof MalformedRecordError, String(error))
    return error.message
  }
}
