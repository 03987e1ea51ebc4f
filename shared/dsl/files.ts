import type { Codec } from '../codecs/codec.ts'
import type { FileFormat } from '../codecs/files/file-format.ts'
import { valuesOf } from '../codecs/values-codec.ts'
import { ConfigurationError } from '../model/errors.ts'
import type { Folder } from '../plan/source.ts'

/** Which files a source reads, and what is in them. */
export type FolderOptions = {
  /**
   * In a deployed pipeline the beginning of the objects' keys in the bucket, up to a `/`; locally a folder of this machine, as of the working
   * directory. Files of the folders below it belong to it.
   */
  readonly folder: string
}

/** Files of lines, or rows of CSV, each of them a record that the source's codec reads. */
export type FolderOrigin = { readonly kind: 'folder'; readonly folder: string }

/** Files of a format, each of whose values is a record. */
export type FormattedFolderOrigin<T> = FolderOrigin & {
  readonly format: FileFormat<T>
  /** How records are kept unless the source says it. */
  readonly values: Codec<T>
}

/**
 * Files of an S3 bucket or of a local folder, for `from` of a source: those that are there and those that arrive, in the order of their names,
 * each once. Without `format` a line is a record, with a codec `csv(...)` a row, which may have line breaks in quotes; one with a header, as
 * `csv(columns, { header: true })`, finds its columns in the first row of each file. With a `format`, as `parquet(...)` or `avroFile(...)` of
 * `millrace/avro` and `millrace/files`, a value is a record. Names that end with `.gz` are decompressed; those of which a part begins with `.`
 * or `_` are left out.
 *
 * A name must be behind those of all files that were there before, as names with the time in them are: a file that comes below the last one read
 * is not read. A file must be there as a whole at once, as objects of S3 are, and stay as it was until it is read.
 *
 * The folder is one shard; a record's position is its file's number and that of its first line, or of its value, in it. The stage is logged:
 * it commits how far it is, and drops what it has had.
 *
 * @example
 * const sales = pipeline('sales', ({ source }) => {
 *   const read = source('sales', { codec: csv({ shop: text, cents: int }, { header: true }), from: files({ folder: 'incoming' }) })
 *   return { shops: read.keyBy('shop').sum('per-shop', sale => sale.cents) }
 * })
 */
export function files(options: FolderOptions): FolderOrigin
export function files<T>(options: FolderOptions & { readonly format: FileFormat<T> }): FormattedFolderOrigin<T>
export function files<T>({ folder, format }: FolderOptions & { readonly format?: FileFormat<T> }): FolderOrigin {
  const parts = folder.split('/')
  if (folder === '' || folder.startsWith('/') || parts.some(part => part === '' || part === '..')) {
    throw new ConfigurationError(
      `Cannot read files: the folder is "${folder}", expected a path without "/" at its ends and without "..", as in incoming/sales`,
    )
  }
  return Object.freeze({
    kind: 'folder',
    folder: parts.filter(part => part !== '.').join('/'),
    ...(format && { format, values: valuesOf<T>(format.name) }),
  })
}

/** The files of a source. */
export const folderFor = <T>(origin: FolderOrigin | FormattedFolderOrigin<T>): Folder =>
  Object.freeze({
    kind: 'folder',
    folder: origin.folder,
    // The codec takes what the format gives: their types were compared where they were given.
    ...('format' in origin && { format: origin.format as FileFormat<unknown> }),
  })
