import assert from 'node:assert/strict'

export type Row = Readonly<Record<string, unknown>>

/** Both must hold the same rows, in whatever order; numbers that are not whole may differ in the last digits. */
export function assertSameRows(found: readonly Row[], expected: readonly Row[]): void {
  const missing = new Map<string, number>()
  for (const row of expected.map(textOf)) missing.set(row, (missing.get(row) ?? 0) + 1)
  const extra: string[] = []
  for (const row of found.map(textOf)) {
    const left = missing.get(row) ?? 0
    if (left > 1) missing.set(row, left - 1)
    else if (left === 1) missing.delete(row)
    else extra.push(row)
  }
  const some = { missing: [...missing.keys()].slice(0, shown), extra: extra.slice(0, shown) }
  assert.deepEqual(some, { missing: [], extra: [] }, `${found.length} rows found, ${expected.length} expected`)
}

/** Of rows that differ. */
const shown = 3

const textOf = (row: Row): string =>
  JSON.stringify(
    Object.keys(row)
      .sort()
      .map(name => [name, partOf(row[name])]),
  )

const partOf = (value: unknown): unknown =>
  typeof value === 'number' && !Number.isInteger(value) ? value.toPrecision(12) : value
