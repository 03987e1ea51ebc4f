import { UsageError } from './command-line.ts'
import type { CsvLinesOptions, CsvText } from './csv-lines.ts'
import { csvLines, type KeyChoice, type LineFormat } from './line-format.ts'

/** How the fields of records are made of columns. */
export type ColumnEncoder<Column> = {
  /** In their order: the columns where no header names them. */
  readonly fieldNames: readonly string[]
  /** Which column has what. */
  columnsOf(names: readonly string[]): readonly Column[]
  /** A record of a row. `where` names a column in messages. */
  encode(columns: readonly Column[], texts: readonly CsvText[], where: (index: number) => string): Uint8Array
}

/** Makes records of lines of CSV, each by the fields that its columns have. */
export function columnLines<Column>(
  csv: CsvLinesOptions,
  key: KeyChoice,
  { fieldNames, columnsOf, encode }: ColumnEncoder<Column>,
): LineFormat {
  let columns: readonly Column[] = []
  const onNames = (given: readonly string[]): void => {
    columns = columnsOf(given)
  }
  let isFirst = !csv.hasHeader
  const ofTexts = (texts: readonly CsvText[], _names: readonly string[] | undefined, where: (i: number) => string) => {
    if (isFirst) refuseHeader(texts, fieldNames)
    isFirst = false
    return encode(columns, texts, where)
  }
  return csvLines({ ...csv, names: csv.hasHeader ? undefined : fieldNames, onNames }, key, { ofTexts })
}

/** A line that says just what the fields are called would be a header, unless somebody means it: then JSON is the way. */
function refuseHeader(texts: readonly CsvText[], names: readonly string[]): void {
  if (names.length === 0 || !texts.every(({ text }, i) => text.trim() === names[i])) return
  throw new UsageError('Cannot put the first line: it has the names of the columns, add --header')
}
