import type { SQLOutputValue } from 'node:sqlite'

/** Runs a query and turns what SQLite throws into a sentence about the data folder. */
export type Guard = <T>(query: () => T) => T

export type Row = Record<string, SQLOutputValue>

/** Columns of a row as what the schema says they are. Another type means a damaged file or a wrong query: not a value to go on with. */
export function numberIn(row: Row, column: string): number {
  const value = row[column]
  if (typeof value !== 'number') throw wrongType(column, value, 'a number')
  return value
}

export function textIn(row: Row, column: string): string {
  const value = row[column]
  if (typeof value !== 'string') throw wrongType(column, value, 'a text')
  return value
}

export function bytesIn(row: Row, column: string): Uint8Array {
  const value = row[column]
  if (!(value instanceof Uint8Array)) throw wrongType(column, value, 'bytes')
  return value
}

function wrongType(column: string, value: SQLOutputValue, expected: string): TypeError {
  return new TypeError(
    `Cannot read column "${column}": found ${value === null ? 'null' : typeof value}, expected ${expected}`,
  )
}
