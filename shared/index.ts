export { raw } from './codecs/bytes.ts'
export { type Codec, type CustomCodec, codec } from './codecs/codec.ts'
export { type CsvCodec, type CsvLayout, type CsvOptions, csv } from './codecs/csv.ts'
export { bool, float, int, oneOf, optional, text } from './codecs/csv-fields.ts'
export { boolOf, decimal, instant, long } from './codecs/csv-more-fields.ts'
export { timestamp } from './codecs/csv-timestamp.ts'
export { debezium } from './codecs/debezium.ts'
export { dynamodbChanges } from './codecs/dynamodb-changes.ts'
export { json } from './codecs/json.ts'
export { type ChangeNotice, isRowChange, type RowChange } from './codecs/row-change.ts'
export { utf8 } from './codecs/text.ts'
export type { Aggregate, Aggregated, Aggregates } from './dsl/aggregate.ts'
export {
  type ApproxCountDistinctOptions,
  aggregator,
  approxCountDistinct,
  average,
  type CollectOptions,
  collect,
  collectSet,
  count,
  countDistinct,
  first,
  last,
  max,
  maxBy,
  min,
  minBy,
  type QuantilesOptions,
  quantiles,
  type SpreadOptions,
  stddev,
  sum,
  topN,
  variance,
} from './dsl/aggregates.ts'
export type { Broadcast } from './dsl/broadcast.ts'
export type { BroadcastJoinOptions, BroadcastOn } from './dsl/broadcast-join.ts'
export type { DistinctOptions } from './dsl/distinct.ts'
export { type DynamodbOptions, type DynamodbOrigin, dynamodb } from './dsl/dynamodb.ts'
export { type Emit, every } from './dsl/emit.ts'
export { type FolderOptions, type FolderOrigin, type FormattedFolderOrigin, files } from './dsl/files.ts'
export type { GroupedTable, RetractingAggregator } from './dsl/grouped-table.ts'
export type { IntervalJoinOptions, WindowJoinOptions } from './dsl/joins.ts'
export { type KafkaOptions, type KafkaOrigin, kafka } from './dsl/kafka.ts'
export type { KeyedStream } from './dsl/keyed-stream.ts'
export {
  type RateOptions,
  type RateOrigin,
  type RateRow,
  rate,
  type SocketOptions,
  type SocketOrigin,
  socket,
} from './dsl/local-sources.ts'
export type { LookupCache, LookupContext, LookupOptions } from './dsl/lookup.ts'
export {
  type PaneOptions,
  type PaneRow,
  type Panes,
  panes,
  type Trigger,
  type WindowEmit,
} from './dsl/panes.ts'
export { type Outputs, type Pipeline, type PipelineOptions, pipeline } from './dsl/pipeline.ts'
export type { BroadcastContext, Context } from './dsl/process.ts'
export { aggregating, list, map, reducing, type StateOptions, value } from './dsl/process-state.ts'
export type { KeyedRow, RankedRow, WindowedRow } from './dsl/rows.ts'
export { type SideOutput, sideOutput } from './dsl/side-output.ts'
export type { SourceOptions, ValueSourceOptions } from './dsl/source.ts'
export { type SqsOptions, type SqsOrigin, sqs } from './dsl/sqs.ts'
export type { FilesOptions, Results, Stream } from './dsl/stream.ts'
export type { TableJoinOptions, VersionedJoinOptions } from './dsl/table-joins.ts'
export type { LatestOptions, MaterializeOptions } from './dsl/tables.ts'
export type { WindowedStream } from './dsl/windowed-stream.ts'
export { type Duration, days, hours, milliseconds, minutes, seconds } from './model/duration.ts'
export { ConfigurationError, MalformedRecordError, StopDeploymentError, UserFunctionError } from './model/errors.ts'
export type { Key } from './model/key.ts'
export type { Accumulation, Pane, PaneTime, RetractingPane } from './operators/panes/pane-emission.ts'
export type { FoldingState, ListState, MapState, ValueState } from './operators/process/process-state.ts'
export type { Timer } from './operators/process/process-timers.ts'
export type { Change } from './operators/tables/table-changes.ts'
export { TimeoutError } from './ports/lookups.ts'
export type { Sink } from './sinks/sink.ts'
export type { Frozen } from './state/frozen.ts'
export { type CountWindowOptions, countWindow } from './windows/count.ts'
export { type CumulatingOptions, cumulating } from './windows/cumulating.ts'
export { daily } from './windows/daily.ts'
export { sliding } from './windows/sliding.ts'
export {
  globalWindow,
  hopping,
  type OffsetOptions,
  type SessionOptions,
  session,
  tumbling,
  type Window,
} from './windows/window.ts'
