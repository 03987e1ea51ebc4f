import type { Pipeline } from '../../shared/dsl/pipeline.ts'
import type { SinkBuilder, SinkKind } from '../../shared/dsl/sink.ts'
import type { DriverControls } from './driver-controls.ts'
import type { CallsReader, FilesReader, StreamReader, ViewReader } from './readers.ts'
import type { SourceDriver } from './source-driver.ts'

/** What a pipeline's types remember: see `shared/dsl/origin.ts`. */
export type SourceNames<Origin> = {
  [Name in keyof Origin]: Origin[Name] extends { readonly source: unknown } ? Name : never
}[keyof Origin]

export type StageNames<Origin> = keyof Origin & string

type SourceValue<Mark> = Mark extends { readonly source: infer T } ? T : never

/** Reads what the pipeline returned under a name: rows of a view, or what went to a sink. */
export type OutputReader<Kept> = Kept extends { readonly row: infer Row }
  ? ViewReader<Row>
  : Kept extends SinkBuilder<infer _Origin, infer T, infer Kind>
    ? SinkReader<T, Kind>
    : never

type SinkReader<T, Kind extends SinkKind> = {
  readonly stream: StreamReader<T>
  readonly files: FilesReader<T>
  readonly forEach: CallsReader<T>
}[Kind]

/** A driver: its controls, and the pipeline's sources and outputs by name. */
export type Driver<Out, Origin> = DriverControls<StageNames<Origin>> & {
  readonly [Name in SourceNames<Origin>]: SourceDriver<SourceValue<Origin[Name]>>
} & { readonly [Name in keyof Out]: OutputReader<Out[Name]> }

/** The driver of a pipeline, as in `DriverOf<typeof orders>`. */
export type DriverOf<P> = P extends Pipeline<infer Out, infer Origin> ? Driver<Out, Origin> : never
