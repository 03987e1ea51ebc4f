import type { Codec } from '../codecs/codec.ts'
import type { FileFormat } from '../codecs/files/file-format.ts'
import { lines } from '../codecs/files/lines.ts'
import { ConfigurationError } from '../model/errors.ts'
import type { Key } from '../model/key.ts'
import type { Ordered } from '../operators/aggregator.ts'
import type { Change } from '../operators/tables/table-changes.ts'
import type { TableJoinType } from '../operators/tables/table-join-types.ts'
import { hasUpdates, latenessOf, type Node, type RowNode } from '../plan/graph.ts'
import type { Sink } from '../sinks/sink.ts'
import { Broadcast } from './broadcast.ts'
import { rebalanceNode } from './distribution.ts'
import { GroupedTable, regrouped } from './grouped-table.ts'
import type { LeftOf, RightOf } from './joins.ts'
import { KeyedStream } from './keyed-stream.ts'
import { type LookupOptions, lookupNode } from './lookup.ts'
import type { FromStage, Merged, Origins } from './origin.ts'
import type { KeyedRow, RankedRow, RowWithValue, TopOptions } from './rows.ts'
import { emittersFor, type SideEmitters, type SideOutput, type SideTypes } from './side-output.ts'
import { SinkBuilder } from './sink.ts'
import { foreignKeyNode, type LookingJoin, type TableJoinOptions, tableTableNode } from './table-joins.ts'
import { changesNode } from './tables.ts'

/** Properties of `T` that can be keys. */
export type KeyProperty<T> = { [Name in keyof T & string]: T[Name] extends Key ? Name : never }[keyof T & string]

/** The compiler names this type, and so the sentence, where it is called. A text alone would be named `String`. */
export type NotYet<Sentence extends string> = { readonly notYet: Sentence }

/** What `toFiles` may be told beside the format. */
export type FilesOptions = {
  /** Of the files' names, without the dot. @default the format's, `txt` for a codec */
  readonly extension?: string
}

/** What an arm accepts: the guarded type of a type guard, else any value. */
type ArmValue<T, Arm> = Arm extends Guard<T, infer R> ? R : T
type Guard<T, R extends T> = (value: T) => value is R

/**
 * Records of type `T` on their way. Immutable: each method gives a new stream and leaves this one as it is; nothing runs until the
 * pipeline does.
 *
 * Functions given to a stream must be deterministic and free of effects: a retry runs them again and must come to the same
 * results. What they throw follows the source's `onError`.
 */
export class Stream<T, Origin extends Origins, Sides = Record<never, never>> {
  declare readonly origin: Origin
  /** Not callable: what needs a key says so. */
  declare readonly window: NotYet<'Call keyBy(...) before window: a window belongs to a key'>
  declare readonly count: NotYet<'Call keyBy(...) before count: an aggregate belongs to a key'>
  declare readonly sum: NotYet<'Call keyBy(...) before sum: an aggregate belongs to a key'>
  declare readonly min: NotYet<'Call keyBy(...) before min: an aggregate belongs to a key'>
  declare readonly max: NotYet<'Call keyBy(...) before max: an aggregate belongs to a key'>
  declare readonly average: NotYet<'Call keyBy(...) before average: an aggregate belongs to a key'>
  declare readonly reduce: NotYet<'Call keyBy(...) before reduce: an aggregate belongs to a key'>
  declare readonly aggregate: NotYet<'Call keyBy(...) before aggregate: an aggregate belongs to a key'>
  declare readonly distinct: NotYet<'Call keyBy(...) before distinct: values are told apart by their key'>
  declare readonly process: NotYet<'Call keyBy(...) before process: state and timers belong to a key'>
  declare readonly processWith: NotYet<'Call keyBy(...) before processWith: state and timers belong to a key'>
  declare readonly joinBroadcast: NotYet<'Call keyBy(...) before joinBroadcast: the broadcast goes to the stage behind it'>
  declare readonly spread: NotYet<'Call keyBy(...) before spread: it spreads the values of a key'>
  protected readonly node: Node

  constructor(node: Node) {
    this.node = node
  }

  /** The stream as a frozen node, for the plan. */
  static nodeOf(stream: Stream<unknown, Origins, unknown>): Node {
    return stream.node
  }

  map<R>(fn: (value: T) => R): Stream<R, Origin> {
    return new Stream(Object.freeze({ kind: 'map', input: this.node, label: labelFor('map', fn), fn }))
  }

  /** Keeps the values for which `fn` holds; a type guard narrows the type. */
  filter<R extends T>(fn: (value: T) => value is R): Stream<R, Origin>
  filter(fn: (value: T) => boolean): Stream<T, Origin>
  filter(fn: (value: T) => boolean): Stream<T, Origin> {
    return new Stream(Object.freeze({ kind: 'filter', input: this.node, label: labelFor('filter', fn), fn }))
  }

  /** Any number of values for each. Side outputs, where declared, are taken out again with `side(name)`. */
  flatMap<R, S extends Record<string, SideOutput<never>> = Record<never, never>>(
    fn: (value: T, side: SideEmitters<S>) => Iterable<R>,
    options: { readonly sides?: S } = {},
  ): Stream<R, Origin, SideTypes<S>> {
    const names = Object.keys(options.sides ?? {})
    const run = (value: T, emit: (name: string, value: unknown) => void): Iterable<R> =>
      fn(value, emittersFor<S>(names, emit))
    return new Stream(
      Object.freeze({ kind: 'flatMap', input: this.node, label: labelFor('flatMap', fn), fn: run, sides: names }),
    )
  }

  /** Looks at each value and passes it on. May run again for the same value on a retry. */
  peek(fn: (value: T) => void): Stream<T, Origin> {
    return new Stream(Object.freeze({ kind: 'peek', input: this.node, label: labelFor('peek', fn), fn }))
  }

  /**
   * Splits the stream: each value goes to the first arm that accepts it, in the order written, and nowhere when none does. An arm
   * with a type guard is a stream of the guarded type.
   */
  branch<Arms extends Record<string, (value: T) => boolean>>(
    arms: Arms,
  ): {
    readonly [Name in keyof Arms]: Stream<ArmValue<T, Arms[Name]>, Origin>
  } {
    const node = Object.freeze({
      kind: 'branch' as const,
      input: this.node,
      label: 'branch',
      arms: Object.entries(arms).map(([name, accepts]) => ({ name, accepts })),
    })
    const arm = (name: string) => new Stream(Object.freeze({ kind: 'arm', input: node, name }))
    return mapNames(arms, arm)
  }

  /** Both streams' values, in no order between the two. */
  union<U, Other extends Origins>(
    ...others: readonly Stream<U, Other, unknown>[]
  ): Stream<T | U, Origin & Merged<Other>> {
    const inputs = [this.node, ...others.map(other => Stream.nodeOf(other))]
    return new Stream(Object.freeze({ kind: 'union', inputs }))
  }

  /**
   * Asks something outside the pipeline about each value, by key, and puts the answer together with it; undefined is the answer when
   * there is none. The order stays. Calls may be repeated, the answer that a result was made of is logged with it.
   */
  lookup<K extends Key, A, R>(
    name: string,
    options: LookupOptions<T, K, A>,
    combine: (value: T, answer: A | undefined) => R,
  ): Stream<R, Origin> {
    return new Stream(lookupNode(this.node, name, options, combine))
  }

  /** A side output of the operator that made this stream. */
  side<Name extends keyof Sides & string>(name: Name): Stream<Sides[Name], Origin> {
    const { node } = this
    if (node.kind !== 'flatMap' && node.kind !== 'aggregate' && node.kind !== 'operator') {
      throw new TypeError(`Cannot take side output "${name}": a ${node.kind} has none`)
    }
    return new Stream(Object.freeze({ kind: 'side', input: node, name }))
  }

  /**
   * Brings all values of a key to one place, across a shuffle. The name becomes the name of the stage behind it and of the
   * Lambda handler; with a property's name alone, the property is the key.
   */
  keyBy<Name extends KeyProperty<T>>(name: Name): KeyedStream<Extract<T[Name], Key>, T, Origin & FromStage<Name>>
  keyBy<Name extends string, K extends Key>(
    name: Name,
    key: (value: T) => K,
  ): KeyedStream<K, T, Origin & FromStage<Name>>
  keyBy<K extends Key>(name: string, key?: (value: T) => K): KeyedStream<K, T, Origin> {
    if (key !== undefined) return new KeyedStream(Object.freeze({ kind: 'keyBy', input: this.node, name, key }))
    return new KeyedStream(
      Object.freeze({ kind: 'keyBy', input: this.node, name, key: propertyReader(name), property: name }),
    )
  }

  /**
   * Spreads the values over all key groups of a stage of this name, whatever they are, where what follows is run (Storm: shuffle
   * grouping; Flink: rebalance). Values of one producer are in no order any more.
   */
  rebalance<Name extends string>(name: Name): Stream<T, Origin & FromStage<Name>> {
    return new Stream(rebalanceNode(this.node, name))
  }

  /** All values under one key, in one place (Storm: global grouping). One shard does all the work of the stage of this name. */
  global<Name extends string>(name: Name): KeyedStream<'all', T, Origin & FromStage<Name>> {
    return new KeyedStream(Object.freeze({ kind: 'keyBy', input: this.node, name, key: () => 'all' }))
  }

  /** Gives each value to every key group of the stage of this name: that of the keyed stream that it is to meet. */
  broadcast<Name extends string>(name: Name): Broadcast<T, Origin & FromStage<Name>> {
    return new Broadcast(Object.freeze({ kind: 'broadcast', input: this.node, name }))
  }

  /**
   * To a Kinesis stream that is not the pipeline's, in order per key. Each record's partition key names its producer and position:
   * an idempotency key, as a retry may put a record twice.
   */
  toStream(stream: string, codec: Codec<T>): SinkBuilder<Origin, T, 'stream'> {
    return new SinkBuilder(name => ({ kind: 'stream', name, input: this.node, codec, stream }))
  }

  /**
   * To files, one per commit, named `stage/shard/version.extension`: a retry writes the same file again, so each row is there once. With a
   * codec each value is a line, and `txt` the extension where none is given. A value that cannot be written follows the source's `onError`.
   */
  toFiles(codec: Codec<T>, options?: FilesOptions): SinkBuilder<Origin, T, 'files'>
  toFiles(format: FileFormat<T>, options?: FilesOptions): SinkBuilder<Origin, T, 'files'>
  toFiles(given: Codec<T> | FileFormat<T>, options: FilesOptions = {}): SinkBuilder<Origin, T, 'files'> {
    const format = 'extension' in given ? given : lines(given, 'txt')
    const extension = options.extension ?? format.extension
    return new SinkBuilder(name => ({ kind: 'files', name, input: this.node, format, extension }))
  }

  /**
   * Calls `fn` with the values of a commit and the commit's id. After a crash it may be called again with the same id and the same
   * values; an id never names two different batches, so it serves as an idempotency key. What it throws fails the batch.
   */
  forEach(fn: (batch: readonly T[], id: string) => Promise<void> | void): SinkBuilder<Origin, T, 'forEach'> {
    return new SinkBuilder(name => ({ kind: 'forEach', name, input: this.node, fn }))
  }

  /**
   * To a sink outside: a queue, a topic, a service. It gets the values of a commit under the commit's id, and after a crash perhaps once
   * more: the sink's `guarantee` says what its readers see then, and so does `millrace explain`. When it rejects, the batch is tried again.
   */
  to(sink: Sink<T>): SinkBuilder<Origin, T, 'forEach'> {
    const fn = (batch: readonly T[], id: string): Promise<void> => sink.write(batch, id)
    return new SinkBuilder(name => ({ kind: 'forEach', name, input: this.node, fn, to: sink }))
  }
}

function labelFor(kind: string, fn: { readonly name: string }): string {
  return fn.name === '' || fn.name === 'fn' ? kind : `${kind} ${fn.name}`
}

function mapNames<Names extends object, R>(
  names: Names,
  make: (name: string) => R,
): { readonly [Name in keyof Names]: never } {
  return Object.fromEntries(Object.keys(names).map(name => [name, make(name)])) as { [Name in keyof Names]: never }
}

function propertyReader(name: string): (value: unknown) => Key {
  return value => (value as Record<string, Key>)[name]
}

/** Rows that are the newest state of something: a pipeline that returns them keeps them as a view. */
export class Results<Row, Origin extends Origins, Sides = Record<never, never>> extends Stream<Row, Origin, Sides> {
  declare readonly row: Row
  protected override readonly node: RowNode

  constructor(node: RowNode) {
    super(node)
    this.node = node
  }

  static rowsOf(results: Results<unknown, Origins, unknown>): RowNode {
    return results.node
  }

  /** Keeps the rows for which `fn` holds. A row that changes so that it no longer does is taken out of views and tops. */
  override filter(fn: (row: Row) => boolean): Results<Row, Origin> {
    const label = fn.name === '' ? 'filter' : `filter ${fn.name}`
    return new Results(Object.freeze({ kind: 'filter', input: this.node, label, fn }))
  }

  /**
   * The same rows with other values: key, window and rank stay, so views keep one row in place of the other (Kafka Streams: KTable
   * mapValues).
   */
  mapValues<V, Value>(
    this: Results<Row & { readonly value: Value }, Origin, unknown>,
    fn: (value: Value, row: Row) => V,
  ): Results<RowWithValue<Row, V>, Origin> {
    const label = labelFor('mapValues', fn)
    return new Results(Object.freeze({ kind: 'mapValues', input: Results.rowsOf(this), label, fn }))
  }

  /** The rows' changelog: inserts, updates as the row before and the row after, deletes (Flink: RowKind; Kafka Streams: toStream). */
  changes(name: string): Stream<Change<Row>, Origin> {
    return new Stream(changesNode(name, this.node))
  }

  /**
   * Brings rows to the groups that they are in now, across a shuffle; a row that changes leaves its old group. The name becomes that of
   * the stage behind it; with a property's name alone, the property is the group.
   */
  groupBy<Name extends KeyProperty<Row>>(
    name: Name,
  ): GroupedTable<Extract<Row[Name], Key>, Row, Origin & FromStage<Name>>
  groupBy<Name extends string, K extends Key>(
    name: Name,
    group: (row: Row) => K,
  ): GroupedTable<K, Row, Origin & FromStage<Name>>
  groupBy<K extends Key>(name: string, group?: (row: Row) => K): GroupedTable<K, Row, Origin> {
    return new GroupedTable(regrouped(this.node, name, group ?? propertyReader(name)), node => new Results(node))
  }

  /**
   * Joins two tables of one stage by key (Kafka Streams: KTable-KTable join). A row that joins no longer is taken back.
   */
  joinTable<K extends Key, L, R, RightOrigin extends Origins, Out, Type extends TableJoinType = 'inner'>(
    this: Results<KeyedRow<K, L>, Origin, unknown>,
    name: string,
    right: Results<KeyedRow<K, R>, RightOrigin, unknown>,
    combine: (left: LeftOf<Type, L>, right: RightOf<Type, R>) => Out,
    options: TableJoinOptions<Type> = {},
  ): Results<KeyedRow<K, Out>, Origin & RightOrigin> {
    return new Results(tableTableNode(name, Results.rowsOf(this), Results.rowsOf(right), combine, options))
  }

  /**
   * Joins with a table of any stage by a key that the left value names; null or undefined names none (Kafka Streams: foreign-key join). Rows
   * are the left ones' keys, exact whichever side changes. Two further stages: `NAME-on` and `NAME`.
   */
  joinOn<
    K extends Key,
    L,
    RightKey extends Key,
    R,
    RightOrigin extends Origins,
    Out,
    Name extends string,
    Type extends LookingJoin = 'inner',
  >(
    this: Results<KeyedRow<K, L>, Origin, unknown>,
    name: Name,
    right: Results<KeyedRow<RightKey, R>, RightOrigin, unknown>,
    on: (left: L) => RightKey | null | undefined,
    combine: (left: L, right: RightOf<Type, R>) => Out,
    options: TableJoinOptions<Type> = {},
  ): Results<KeyedRow<K, Out>, Origin & RightOrigin & FromStage<Name | `${Name}-on`>> {
    return new Results(foreignKeyNode(name, Results.rowsOf(this), Results.rowsOf(right), on, combine, options))
  }

  /**
   * The `count` rows with the greatest values over all keys, per window where the rows have windows; equal values rank by key, the
   * lower first. A further stage with one key, named like the operator.
   */
  top<Name extends string>(
    this: Results<{ readonly key: Key; readonly value: Ordered }, Origins, unknown>,
    name: Name,
    count: number,
    options: TopOptions = {},
  ): Results<RankedRow<Row>, Origin & FromStage<Name>> {
    const input = Results.rowsOf(this)
    if (!Number.isInteger(count) || count < 1) {
      throw new ConfigurationError(`Cannot rank the top ${count} in "${name}": expected a whole number of 1 or more`)
    }
    if (input.kind === 'top')
      throw new ConfigurationError(`Cannot rank a ranking in "${name}": rank the rows before it`)
    const kind = options.emit ?? (hasUpdates(input) ? 'updates' : 'final')
    const latenessMs = latenessOf(input)
    return new Results(Object.freeze({ kind: 'top', input, name, count, emission: { kind }, latenessMs }))
  }
}
