/** A kind of column: how its text is read and written. Make one by hand for a notation that is not built in. */
export interface Field<T> {
  /** For messages, e.g. `a whole number`. */
  readonly expected: string
  /** The value that a column's text stands for, or `unreadable`. `quoted` tells `""` from nothing at all. Must be pure. */
  parse(text: string, quoted: boolean): T | typeof unreadable
  /** The text that `parse` reads back as an equal value, or undefined for a value that has none. */
  format(value: T): string | undefined
  /** True when an empty column stands for a missing value: an empty text is then written as `""`. */
  readonly emptyIsMissing?: boolean
  /**
   * Reads the common notations straight from the bytes, where speed counts. It must agree with `parse`. The delimiter is the byte
   * after the column: for one that is quoted, without its quotes, that is `code.quote`, and an empty one is not missing.
   */
  fast?(delimiter: number): FastReader<T>
}

export const unreadable: unique symbol = Symbol('unreadable')

/**
 * Reads the column that begins at `cursor.at` and leaves the cursor on the delimiter after it, or at the end. Anything it does not
 * expect, it passes by `miss(cursor)`: the whole line is then read again by `parse`, which also finds the words for an error.
 */
export type FastReader<T> = (bytes: Buffer, cursor: Cursor) => T

/** Where a line is being read. One object per codec, so that reading allocates nothing but values. */
export type Cursor = { at: number; end: number }

/** Gives up on the fast way. The place it leaves is past any that a column can end at. */
export function miss(cursor: Cursor): void {
  cursor.at = cursor.end + 1
}

/** Character codes that CSV gives a meaning to. */
export const code = {
  quote: 0x22,
  lineFeed: 0x0a,
  carriageReturn: 0x0d,
  minus: 0x2d,
  point: 0x2e,
  zero: 0x30,
}
