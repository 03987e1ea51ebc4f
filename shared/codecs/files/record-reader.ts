import type { Codec } from '../codec.ts'
import { csvLayout } from '../csv-header.ts'
import { CsvRowReader, type RowTaker } from './csv-row-reader.ts'
import { LineReader } from './line-reader.ts'

/** What cuts a file into the records of a codec: rows for one of CSV, in which lines may end within quotes, lines for any other. */
export function recordReader(codec: Codec<unknown>, taker: RowTaker, isFileStart: boolean): LineReader | CsvRowReader {
  const layout = csvLayout(codec)
  return layout === undefined
    ? new LineReader(taker, isFileStart)
    : new CsvRowReader(taker, layout.delimiter, isFileStart)
}
