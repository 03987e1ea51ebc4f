import { float, text } from '../../../shared/codecs/csv-fields.ts'
import { csvFile } from '../../../shared/codecs/files/csv-file.ts'
import type { FileFormat } from '../../../shared/codecs/files/file-format.ts'
import { lines } from '../../../shared/codecs/files/lines.ts'
import { ndjson } from '../../../shared/codecs/files/ndjson.ts'
import { parquet } from '../../../shared/codecs/files/parquet.ts'
import { column } from '../../../shared/codecs/files/parquet-columns.ts'
import { json } from '../../../shared/codecs/json.ts'
import type { Fact } from './fact.ts'

const formats: readonly FileFormat<Fact>[] = [
  lines(json<Fact>(), 'txt'),
  ndjson<Fact>(),
  csvFile({ id: float, at: float, user: text, kind: text, amount: float }),
  parquet({ id: column.float, at: column.float, user: column.text, kind: column.text, amount: column.float }),
]

/** One of the formats in turn. No lots are drawn for it: seeds stay what they were. */
export const factFormat = (number: number): FileFormat<Fact> => formats[number % formats.length]
