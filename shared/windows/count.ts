import { ConfigurationError } from '../model/errors.ts'

/** Windows of a number of records of a key, whatever their times. */
export type CountWindows = {
  readonly kind: 'count'
  readonly size: number
  readonly every: number
  readonly emitsLeftover: boolean
}

/** When count windows end, and what happens to the last one. */
export type CountWindowOptions = {
  /** A window ends after so many records, and holds the `size` newest ones. @default size */
  readonly every?: number
  /** What is in no window that ended, at the end of a bounded input: nothing comes of it (`drop`), or a last row (`emit`). @default 'drop' */
  readonly leftover?: 'drop' | 'emit'
}

/** Slices of a window, each kept on its own: what a record that ends a window reads. */
const mostSlices = 10_000

/**
 * Per key, windows of `size` records in the order in which they come: the first `size` records, the next, and so on. With `every` a
 * window ends each `every` records and holds the newest `size`, the first ones what there is (Flink: countWindow).
 *
 * A row's window is `[start, end)` in the key's records, numbered from 0. Event time does not matter, so no record is too late.
 */
export function countWindow(size: number, { every = size, leftover = 'drop' }: CountWindowOptions = {}): CountWindows {
  const cannot = (what: string): never => {
    throw new ConfigurationError(`Cannot make count windows: ${what}`)
  }
  if (!Number.isSafeInteger(size) || size < 1) cannot(`the size is ${size}, expected a whole number of 1 or more`)
  if (!Number.isSafeInteger(every) || every < 1 || every > size) {
    cannot(`one ends every ${every} records, expected a whole number of 1 to the size of ${size}`)
  }
  if (size / every > mostSlices) {
    cannot(`each record would be in ${Math.ceil(size / every)} windows, expected at most ${mostSlices}`)
  }
  return Object.freeze({ kind: 'count', size, every, emitsLeftover: leftover === 'emit' })
}
