import { asBuffer } from '../../shared/codecs/bytes.ts'
import { type ControlRecord, decodeControl } from '../../shared/codecs/control.ts'
import { readKpl } from '../../shared/codecs/kpl.ts'
import { type Chunk, decodeChunk } from '../../shared/emit/chunk.ts'
import { producerOf, type SequenceNumber, type ShardId } from '../../shared/model/ids.ts'
import { type Key, keyOf } from '../../shared/model/key.ts'
import type { ReadRecord } from '../cloud/operations.ts'
import { timeText } from './tables.ts'
import { jsonText, utf8Of, valueText, withoutLineBreak } from './value-text.ts'

/** Where something stands in a stream. */
type Place = {
  readonly shard: ShardId
  readonly sequence: SequenceNumber
  /** Number of the user record or message within its Kinesis record. */
  readonly sub: number
  /** Milliseconds since 1970. */
  readonly arrival: number
}

/** What a Kinesis record holds. */
export type Found =
  | { readonly kind: 'record'; readonly place: Place; readonly partitionKey: string; readonly data: Uint8Array }
  /** Of a stream between two stages. */
  | {
      readonly kind: 'message'
      readonly place: Place
      readonly producer: string
      readonly group: number
      readonly watermark: number | undefined
      readonly key: Key
      readonly eventTime: number
      readonly value: unknown
      /** How many records it stands for: those of one key may be combined before they are sent. */
      readonly weight: number
    }
  /** A chunk without messages: its producer has got so far. */
  | {
      readonly kind: 'watermark'
      readonly place: Place
      readonly producer: string
      readonly group: number
      readonly watermark: number | undefined
    }
  | { readonly kind: 'control'; readonly place: Place; readonly control: ControlRecord }

/** The user records or messages of a Kinesis record, in order. What holds values of some codec is never taken for a chunk of a stage's. */
export function recordsIn(
  shard: ShardId,
  record: ReadRecord,
  holds: 'anything' | 'values' = 'anything',
): readonly Found[] {
  const data = asBuffer(record.data)
  const placeOf = (sub: number): Place => ({ shard, sequence: record.sequence, sub, arrival: record.arrivalMs })
  const control = decodeControl(data)
  if (control !== undefined) return [{ kind: 'control', place: placeOf(0), control }]
  const aggregated = readKpl(data)
  if (aggregated !== undefined) {
    return Array.from({ length: aggregated.count }, (_, i) => ({
      kind: 'record',
      place: placeOf(i),
      partitionKey: aggregated.partitionKey(i),
      data: data.subarray(aggregated.start(i), aggregated.end(i)),
    }))
  }
  const chunk = holds === 'values' ? undefined : chunkIn(data)
  if (chunk !== undefined) return messagesOf(chunk, placeOf)
  return [{ kind: 'record', place: placeOf(0), partitionKey: record.partitionKey, data }]
}

/** A JSON object and a line end. Times are milliseconds since 1970; data that is not UTF-8 is base64, in `dataBase64`. */
export function jsonLine(found: Found): string {
  const { kind, place, ...rest } = found
  if (found.kind !== 'record') return `${jsonText({ ...place, ...rest })}\n`
  const text = utf8Of(found.data)
  return shownLine(found, text === undefined ? { dataBase64: found.data } : { data: text })
}

/** The same for a record whose value was read, as `value`. */
export const valueJsonLine = (found: FoundRecord, value: unknown): string => shownLine(found, { value })

type FoundRecord = Extract<Found, { kind: 'record' }>

function shownLine({ place, partitionKey }: FoundRecord, shown: object): string {
  const { shard, sequence, sub, arrival } = place
  return `${jsonText({ shard, sequence, sub, partitionKey, arrival, ...shown })}\n`
}

/** The data alone, without the line break that it may end with; of a message its key, event time and value, a tab between them. */
export function textLine(found: Found): string {
  switch (found.kind) {
    case 'record':
      return `${withoutLineBreak(found.data)}\n`
    case 'message':
      return `${valueText(found.key)}\t${timeText(found.eventTime)}\t${found.value === undefined ? '' : valueText(found.value)}\n`
    case 'watermark':
      return `watermark\t${found.watermark === undefined ? '' : timeText(found.watermark)}\t${found.producer}\n`
    case 'control':
      return `${found.control.kind}\t${found.control.kind === 'watermark' ? timeText(found.control.time) : ''}\n`
  }
}

/** What fails to be a chunk is a record like any other. */
function chunkIn(data: Buffer): Chunk | undefined {
  // Chunks begin with how they are stored, 0 or 1: no text does.
  if (data.length === 0 || data[0] > 1) return undefined
  try {
    return decodeChunk(data)
  } catch {
    return undefined
  }
}

function messagesOf(chunk: Chunk, placeOf: (sub: number) => Place): readonly Found[] {
  const { header, count, keyIds, keyIndexes, times, values, weights } = chunk
  const { group, watermark } = header
  const producer = producerOf(header.stage, header.shard)
  if (count === 0) return [{ kind: 'watermark', place: placeOf(0), producer, group, watermark }]
  return Array.from({ length: count }, (_, i) => ({
    kind: 'message',
    place: placeOf(i),
    producer,
    group,
    watermark,
    key: keyOf(keyIds[keyIndexes[i]]),
    eventTime: times[i],
    value: values?.[i],
    weight: weights[i],
  }))
}
