/** A line of a file: records that a FileInput makes are keyed by FILE:FIRSTLINE of their aggregate. */
export type LinePlace = { readonly file: string; readonly line: number }

/** Which line a record was, `sub` records into its aggregate; undefined when its partition key names none. */
export function linePlace(partitionKey: string, sub: number): LinePlace | undefined {
  const [, file, first] = /^(.+):(\d+)$/s.exec(partitionKey) ?? []
  return file === undefined ? undefined : { file, line: Number(first) + sub }
}

/** The failure of a record with its line, for a person, instead of its place in the stream. Other errors stay as they are. */
export function withLinePlace(error: unknown): unknown {
  if (!(error instanceof Error)) return error
  const [streamPlace, sub, partitionKey] =
    /\(record \S+ \S+ \d+#(\d+) of partition key "(.+)"\)$/s.exec(error.message) ?? []
  const place = partitionKey === undefined ? undefined : linePlace(partitionKey, Number(sub))
  if (streamPlace === undefined || place === undefined) return error
  return new Error(error.message.replace(streamPlace, `(${place.file}:${place.line})`), { cause: error })
}
