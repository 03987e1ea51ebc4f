/**
 * A file of values, whole. `encode` is deterministic: a retry writes the file of a commit again and must come to the same bytes. It throws a
 * RangeError for a value that the format cannot write, and writes each value of a file alike whatever the others are. `decode` throws a
 * MalformedRecordError that says where in the file, what was found and what was expected; it gives the values in the order in which they
 * were written.
 */
export interface FileFormat<T> {
  /** Its name in `explain`, e.g. `parquet`. */
  readonly name: string
  /** Of the file's name, without the dot: `parquet`. */
  readonly extension: string
  encode(values: readonly T[]): Uint8Array
  decode(bytes: Uint8Array): Iterable<T>
  /** A file that is written value by value; its bytes are those of `encode`. Without it each value is tried in a file of its own. */
  writer?(): FileWriter<T>
  /** What must be learned before values can be written: see Codec. */
  prepare?(records: readonly Uint8Array[], signal: AbortSignal): Promise<void> | undefined
}

/** A file that grows. */
export interface FileWriter<T> {
  /** About how many bytes the value adds. Throws a RangeError for one that cannot be written; the file is then as it was before. */
  add(value: T): number
  /** The file with all values that were added. */
  finish(): Uint8Array
}

/** Begins a file of any format. */
export function writerOf<T>(format: FileFormat<T>): FileWriter<T> {
  if (format.writer !== undefined) return format.writer()
  const values: T[] = []
  return {
    add: value => {
      const { length } = format.encode([value])
      values.push(value)
      return length
    },
    finish: () => format.encode(values),
  }
}

/** All of the values in a file of their own: `encode` of a format that has a writer. */
export function encodeAll<T>(writer: FileWriter<T>, values: readonly T[]): Uint8Array {
  for (const value of values) writer.add(value)
  return writer.finish()
}
