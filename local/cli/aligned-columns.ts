export type Column = { readonly title: string; readonly align?: 'left' | 'right' }

/** Rows of text under their titles, in columns as wide as they must be, two spaces apart. */
export function alignedColumns(columns: readonly Column[], rows: readonly (readonly string[])[]): string {
  const widths = columns.map(({ title }, i) => Math.max(title.length, ...rows.map(row => row[i].length)))
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, i) => (columns[i].align === 'right' ? cell.padStart(widths[i]) : cell.padEnd(widths[i])))
      .join('  ')
      .trimEnd()
  return [columns.map(({ title }) => title), ...rows].map(cells => `${line(cells)}\n`).join('')
}
