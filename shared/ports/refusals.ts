import { serialize } from 'node:v8'
import { ConfigurationError } from '../model/errors.ts'
import { hashSpace } from '../model/hash-range.ts'
import { limits } from '../model/limits.ts'
import type { ViewPut } from './results.ts'
import type { PutRecord } from './streams.ts'

/*
 * What every cloud refuses alike, with the same words: a pipeline that runs on the embedded cloud must not fail once it is deployed.
 */

/** DynamoDB refuses an item above its limit: a RangeError. */
export function checkItemSize(what: string, bytes: number): void {
  if (bytes <= limits.itemBytes) return
  throw new RangeError(`Cannot store ${what}: ${bytes} bytes, at most ${limits.itemBytes} would be right`)
}

/** Room in a row's item for its names and its position. */
const rowFrameBytes = 4 * 1024
/** Less is not worth measuring. */
const smallBytes = 32 * 1024

/** Why no item can hold a row, whichever cloud keeps it; undefined when one can. A small value costs a glance. */
export function rowRefusalOf({ key, value }: Pick<ViewPut, 'key' | 'value'>): string | undefined {
  if (key.length + sizeUpTo(value, smallBytes) < smallBytes) return undefined
  const most = limits.itemBytes - rowFrameBytes
  const bytes = Math.max(packedBytes(value), jsonBytes(value)) + jsonBytes(key)
  return bytes <= most ? undefined : `its row takes ${bytes} bytes with its key, at most ${most} would be right`
}

/** Rough bytes of a value. Counting ends at `most`: a value may hold itself. */
function sizeUpTo(value: unknown, most: number): number {
  if (typeof value === 'string') return value.length
  if (typeof value !== 'object' || value === null) return roughBytes
  if (ArrayBuffer.isView(value)) return value.byteLength
  let bytes = roughBytes
  if (value instanceof Map || value instanceof Set || Array.isArray(value)) {
    for (const part of value) {
      if (bytes >= most) break
      bytes += sizeUpTo(part, most - bytes)
    }
    return bytes
  }
  for (const name in value) {
    if (bytes >= most) break
    bytes += name.length + sizeUpTo(Reflect.get(value, name), most - bytes)
  }
  return bytes
}

const roughBytes = 8

const packedBytes = (value: unknown): number => sizeOfForm(() => serialize(value).byteLength)
const jsonBytes = (value: unknown): number => sizeOfForm(() => Buffer.byteLength(JSON.stringify(value) ?? ''))

/** 0 in a form that cannot say the value. */
function sizeOfForm(measure: () => number): number {
  try {
    return measure()
  } catch {
    return 0
  }
}

/** PutRecords refuses a call with too many records or bytes as a whole: a RangeError. */
export function checkPutCall(stream: string, records: readonly PutRecord[]): void {
  if (records.length > limits.putRecordsCount) {
    throw new RangeError(
      `Cannot put records to stream "${stream}": ${records.length} in one call, at most ${limits.putRecordsCount} would be right`,
    )
  }
  const bytes = records.reduce((sum, record) => sum + sizeOf(record), 0)
  if (bytes > limits.putRecordsBytes) {
    throw new RangeError(
      `Cannot put records to stream "${stream}": ${bytes} bytes in one call, at most ${limits.putRecordsBytes} would be right`,
    )
  }
}

/** Why a record breaks a limit of Kinesis, undefined when it breaks none. It is refused alone. */
export function refusalOf(record: PutRecord): string | undefined {
  const { partitionKey, explicitHashKey } = record
  if (partitionKey.length === 0 || partitionKey.length > limits.partitionKeyCharacters) {
    return `its partition key has ${partitionKey.length} characters, 1 to ${limits.partitionKeyCharacters} would be right`
  }
  if (explicitHashKey !== undefined && (explicitHashKey < 0n || explicitHashKey >= hashSpace)) {
    return `its explicit hash key is ${explicitHashKey}, 0 to 2^128 - 1 would be right`
  }
  const bytes = sizeOf(record)
  if (bytes > limits.kinesisRecordBytes) {
    return `it has ${bytes} bytes with its partition key, at most ${limits.kinesisRecordBytes} would be right`
  }
  return undefined
}

const sizeOf = (record: PutRecord): number => record.data.byteLength + Buffer.byteLength(record.partitionKey)

/** Where a file of a sink is kept: a sink is one folder, a name may hold slashes, and neither may leave the folder. */
export function filePath(sink: string, name: string): string {
  const parts = [sink, ...name.split('/')]
  if (sink.includes('/') || parts.some(part => !isPlain(part))) {
    throw new ConfigurationError(
      `Cannot write file "${name}" of sink "${sink}": it is not a plain path, one without ".", ".." or empty parts would be right`,
    )
  }
  return parts.join('/')
}

const isPlain = (part: string): boolean => part !== '' && part !== '.' && part !== '..' && !/[\\\0]/.test(part)
