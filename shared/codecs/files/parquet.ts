import { parquetWriteBuffer } from 'hyparquet-writer'
import { ConfigurationError } from '../../model/errors.ts'
import { found } from '../found.ts'
import { encodeAll, type FileFormat, type FileWriter } from './file-format.ts'
import { type Column, refuseValue, type Stored } from './parquet-columns.ts'
import { readParquet } from './parquet-reader.ts'

/** The columns of a parquet file, in their order. */
export type Columns = Readonly<Record<string, Column<unknown>>>

/** What a row of a file with these columns is. */
export type ParquetRow<C extends Columns> = {
  readonly [Name in keyof C]: C[Name] extends Column<infer Value> ? Value : never
}

/** What `parquet` may be told beside the columns. */
export type ParquetOptions = {
  /** @default 'snappy' */
  readonly compression?: 'snappy' | 'none'
}

/**
 * A file of Apache Parquet, with flat columns and one row group: what a commit writes is small. A value's properties that are no columns are
 * left out; one that its column cannot hold throws a RangeError. A file that is read may have more columns, in any order, and other
 * encodings and compressions (snappy, gzip, brotli, zstd); at most 10,000,000 rows.
 *
 * ```ts
 * const trades = parquet({ time: column.timestamp, symbol: column.text, price: column.float, note: column.optional(column.text) })
 * ```
 */
export function parquet<const C extends Columns>(columns: C, options: ParquetOptions = {}): FileFormat<ParquetRow<C>> {
  refuseNames(Object.keys(columns))
  const codec = options.compression === 'none' ? 'UNCOMPRESSED' : 'SNAPPY'
  const writer = (): FileWriter<ParquetRow<C>> => parquetWriter(Object.entries(columns), codec)
  return {
    name: 'parquet',
    extension: 'parquet',
    writer,
    encode: values => encodeAll(writer(), values),
    // The one cast: every column restores values of its own type.
    decode: bytes => readParquet(columns, bytes) as Iterable<ParquetRow<C>>,
  }
}

/** Rough bytes of a file without rows, and of what it says of each column beside its values. */
const fileBytes = 100
const columnBytes = 150

function parquetWriter<T extends Readonly<Record<string, unknown>>>(
  columns: readonly (readonly [name: string, column: Column<unknown>])[],
  codec: 'SNAPPY' | 'UNCOMPRESSED',
): FileWriter<T> {
  const data: Stored[][] = columns.map(() => [])
  return {
    add: row => {
      const isFirst = data[0].length === 0
      // All are looked at before any is added: half a row would shift the others.
      const stored = columns.map(([name, column], i) => {
        const value = column.store(row[name])
        return value === undefined ? refuseValue(i, name, row[name], column.expected) : value
      })
      let bytes = isFirst ? fileBytes + columns.length * columnBytes : 0
      for (const [i, value] of stored.entries()) {
        data[i].push(value)
        bytes += columns[i][1].size(value)
      }
      return Math.ceil(bytes)
    },
    finish: () => {
      const columnData = columns.map(([name], i) => ({ name, data: data[i] }))
      const schema = [
        { name: 'schema', num_children: columns.length },
        ...columns.map(([name, { type, isOptional }]) => ({
          name,
          repetition_type: isOptional ? ('OPTIONAL' as const) : ('REQUIRED' as const),
          ...type,
        })),
      ]
      const rowGroupSize = Math.max(1, data[0].length)
      return new Uint8Array(parquetWriteBuffer({ columnData, schema, codec, rowGroupSize, createdBy: 'millrace' }))
    },
  }
}

function refuseNames(names: readonly string[]): void {
  if (names.length === 0) {
    throw new ConfigurationError('Cannot make a parquet format: it has no columns, one or more would be right')
  }
  for (const name of names) {
    // An object would put a number before the other names, and __proto__ is no property of a literal.
    if (name !== '' && name.isWellFormed() && !/^(?:\d+|__proto__)$/.test(name)) continue
    const right = 'a name such as "column1" would be right'
    throw new ConfigurationError(`Cannot make a parquet format: a column is named ${found(name)}, ${right}`)
  }
}
