import type { Sink } from '../../../shared/plan/graph.ts'

/** A value as the sink's format, or its codec, writes and reads it. */
export function writtenAndRead(sink: Extract<Sink, { kind: 'stream' | 'files' }>, value: unknown): unknown {
  if (sink.kind === 'files') {
    const [read] = sink.format.decode(sink.format.encode([value]))
    return read
  }
  const bytes = sink.codec.encode(value)
  return sink.codec.decode(bytes, 0, bytes.byteLength)
}
