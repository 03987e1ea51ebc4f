import { ByteReader } from '../codecs/byte-reader.ts'
import { ByteWriter } from '../codecs/byte-writer.ts'
import { compress, decompress, packValue, unpackValue } from '../codecs/values.ts'
import { type ShardId, shardId } from '../model/ids.ts'
import { limits } from '../model/limits.ts'
import type { Lineage } from '../model/lineage.ts'
import { type PositionText, positionText } from '../model/position.ts'
import type { MessageColumns } from './message-columns.ts'

/** A run of messages of one producer for one key group: one Kinesis record on a shuffle stream. */
export type Chunk = {
  readonly header: ChunkHeader
  readonly count: number
  /** Dictionary of the keys, by `keyIds[keyIndexes[i]]`. */
  readonly keyIds: readonly string[]
  readonly keyIndexes: Int32Array
  readonly edges: Int32Array
  /** How many records each message stands for. */
  readonly weights: Int32Array
  readonly times: ArrayLike<number>
  readonly values: ArrayLike<unknown> | undefined
  /** Ascending. */
  positionAt(index: number): PositionText
  /** Watermarks of the producer from before message `markIndexes[i]`, ascending. */
  readonly markIndexes: Int32Array
  readonly markTimes: Float64Array
}

export type ChunkHeader = {
  /** The producer: a shard of an input stage of the receiver. */
  readonly stage: string
  readonly shard: ShardId
  readonly group: number
  /** After all messages; left out by every part of an oversized chunk but the last. */
  readonly watermark: number | undefined
  readonly lineage: Lineage
}

const formatVersion = 1
const column = { constant: 0, deltas: 1, doubles: 2, absent: 3, packed: 4 } as const
const noWatermark = Number.NaN

const writer = new ByteWriter(256 * 1024)

/** Messages `from` to `to` as bytes, not compressed: what the outbox keeps. */
export function encodeChunk(header: ChunkHeader, messages: MessageColumns, from: number, to: number): Buffer {
  // A value that could not be written has left the beginning of its chunk behind.
  writer.take()
  writer.byte(formatVersion)
  writer.text(header.stage)
  writer.text(header.shard)
  writer.unsigned(header.group)
  writer.double(header.watermark ?? noWatermark)
  writer.bytes(packLineage(header.lineage))
  writer.unsigned(to - from)
  if (to > from) {
    const majors = usedOf(messages.majors, messages.majorIndexes, from, to)
    const keys = usedOf(messages.keyIds, messages.keyIndexes, from, to)
    writeTexts(majors.texts)
    writeTexts(keys.texts)
    writeIntegers(keys.indexes, 0, to - from)
    writeIntegers(messages.edges, from, to)
    writeIntegers(majors.indexes, 0, to - from)
    for (const integers of [messages.subs, messages.indexes, messages.weights]) writeIntegers(integers, from, to)
    writeTimes(messages.times, from, to)
    writeValues(messages.values, from, to)
    writeMarks(messages, from, to)
  }
  return writer.take()
}

export const sealChunk = (encoded: Buffer): Buffer => compress(encoded, limits.putUnitBytes)

export function decodeChunk(data: Uint8Array): Chunk {
  const reader = new ByteReader(decompress(data))
  const version = reader.byte()
  if (version !== formatVersion)
    throw new RangeError(`Cannot read a chunk: format ${version}, expected ${formatVersion}`)
  const stage = reader.text()
  const shard = shardId(reader.text())
  const group = reader.unsigned()
  const watermark = reader.double()
  const lineage = unpackLineage(reader.bytes())
  const header = { stage, shard, group, watermark: Number.isNaN(watermark) ? undefined : watermark, lineage }
  const count = reader.unsigned()
  if (count === 0) return { ...emptyMessages, header }
  const majors = Array.from({ length: reader.unsigned() }, () => reader.text())
  const keyIds = Array.from({ length: reader.unsigned() }, () => reader.text())
  const keyIndexes = readIntegers(reader, count)
  const edges = readIntegers(reader, count)
  const majorIndexes = readIntegers(reader, count)
  const subs = readIntegers(reader, count)
  const indexes = readIntegers(reader, count)
  const weights = readIntegers(reader, count)
  const times = readTimes(reader, count)
  const values = readValues(reader, count)
  const marks = reader.unsigned()
  const markIndexes = marks === 0 ? noMarks : reader.deltas(marks)
  const markTimes = marks === 0 ? noMarkTimes : reader.doubles(marks)
  const positionAt = (i: number) => positionText(majors[majorIndexes[i]], subs[i], indexes[i])
  return { header, count, keyIds, keyIndexes, edges, weights, times, values, positionAt, markIndexes, markTimes }
}

const noMarks = new Int32Array(0)
const noMarkTimes = new Float64Array(0)
const emptyMessages = {
  count: 0,
  keyIds: [],
  keyIndexes: noMarks,
  edges: noMarks,
  weights: noMarks,
  times: noMarkTimes,
  values: undefined,
  positionAt: () => {
    throw new RangeError('Cannot give a position: the chunk has no message')
  },
  markIndexes: noMarks,
  markTimes: noMarkTimes,
}

/** Of a dictionary, the entries that messages `from` to `to` refer to: a batch has more, of other groups and other parts. */
function usedOf(texts: readonly string[], indexes: Int32Array, from: number, to: number) {
  const places = new Int32Array(texts.length).fill(-1)
  const used: string[] = []
  const mapped = new Int32Array(to - from)
  for (let i = from; i < to; i++) {
    const index = indexes[i]
    if (places[index] < 0) places[index] = used.push(texts[index]) - 1
    mapped[i - from] = places[index]
  }
  return { texts: used, indexes: mapped }
}

function writeTexts(texts: readonly string[]): void {
  writer.unsigned(texts.length)
  for (const text of texts) writer.text(text)
}

function writeIntegers(values: Int32Array, from: number, to: number): void {
  const first = values[from]
  let same = true
  for (let i = from + 1; same && i < to; i++) same = values[i] === first
  writer.byte(same ? column.constant : column.deltas)
  writer.deltas(values, from, same ? from + 1 : to)
}

function readIntegers(reader: ByteReader, count: number): Int32Array {
  if (reader.byte() === column.constant) return new Int32Array(count).fill(reader.deltas(1)[0])
  return reader.deltas(count)
}

/** Differences of at most this many milliseconds, and their differences, fit 32 bits in zigzag form. */
const greatestDelta = 2 ** 29

/** Times are written relative to the first one where all are near it, else whole. */
function writeTimes(times: Float64Array, from: number, to: number): void {
  const base = times[from]
  let near = true
  for (let i = from; near && i < to; i++) near = Math.abs(times[i] - base) < greatestDelta && Number.isInteger(times[i])
  writer.byte(near ? column.deltas : column.doubles)
  if (!near) return writer.doubles(times, from, to)
  writer.double(base)
  const relative = new Int32Array(to - from)
  for (let i = from; i < to; i++) relative[i - from] = times[i] - base
  writer.deltas(relative, 0, relative.length)
}

function readTimes(reader: ByteReader, count: number): Float64Array {
  if (reader.byte() === column.doubles) return reader.doubles(count)
  const base = reader.double()
  const relative = reader.deltas(count)
  const times = new Float64Array(count)
  for (let i = 0; i < count; i++) times[i] = base + relative[i]
  return times
}

function writeValues(values: readonly unknown[], from: number, to: number): void {
  let absent = true
  let small = true
  let numeric = true
  for (let i = from; numeric && i < to; i++) {
    const value = values[i]
    if (value !== undefined) absent = false
    if (typeof value !== 'number') {
      numeric = false
    } else if (small && (!Number.isInteger(value) || Math.abs(value) >= greatestDelta || Object.is(value, -0))) {
      small = false
    }
  }
  if (!numeric && absent) absent = allAbsent(values, from, to)
  if (absent) return writer.byte(column.absent)
  if (numeric && isNumbers(values)) {
    writer.byte(small ? column.deltas : column.doubles)
    return small ? writer.deltas(values, from, to) : writer.doubles(values, from, to)
  }
  writer.byte(column.packed)
  writer.bytes(packValue(from === 0 && to === values.length ? values : values.slice(from, to)))
}

/** Only called once every value in question was seen to be a number. */
function isNumbers(_values: readonly unknown[]): _values is readonly number[] {
  return true
}

function allAbsent(values: readonly unknown[], from: number, to: number): boolean {
  for (let i = from; i < to; i++) if (values[i] !== undefined) return false
  return true
}

function readValues(reader: ByteReader, count: number): ArrayLike<unknown> | undefined {
  switch (reader.byte()) {
    case column.absent:
      return undefined
    case column.deltas:
      return reader.deltas(count)
    case column.doubles:
      return reader.doubles(count)
    default: {
      const values = unpackValue(reader.bytes())
      if (!Array.isArray(values)) throw new RangeError('Cannot read a chunk: its values are not a list')
      return values
    }
  }
}

function writeMarks(messages: MessageColumns, from: number, to: number): void {
  const indexes: number[] = []
  const times: number[] = []
  for (let m = 0; m < messages.markIndexes.length; m++) {
    const at = messages.markIndexes[m]
    if (at < from || at >= to) continue
    indexes.push(at - from)
    times.push(messages.markTimes[m])
  }
  writer.unsigned(indexes.length)
  if (indexes.length === 0) return
  writer.deltas(indexes, 0, indexes.length)
  writer.doubles(times, 0, times.length)
}

/** A producer says the same lineage again and again: both ways remember the last few. */
const packedLineages = new WeakMap<Lineage, Buffer>()
const lineagesByBytes = new Map<string, Lineage>()
const rememberedLineages = 256

function packLineage(lineage: Lineage): Buffer {
  const known = packedLineages.get(lineage)
  if (known !== undefined) return known
  const packed = Buffer.from(packValue([lineage.shards.map(shard => [shard.id, shard.parents]), lineage.ancestors]))
  packedLineages.set(lineage, packed)
  return packed
}

function unpackLineage(bytes: Buffer): Lineage {
  const text = bytes.toString('latin1')
  const known = lineagesByBytes.get(text)
  if (known !== undefined) return known
  const [shards, ancestors] = unpackValue(bytes) as [[ShardId, ShardId[]][], ShardId[]]
  const lineage = { shards: shards.map(([id, parents]) => ({ id, parents })), ancestors }
  if (lineagesByBytes.size >= rememberedLineages) lineagesByBytes.clear()
  lineagesByBytes.set(text, lineage)
  return lineage
}
