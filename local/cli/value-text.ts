import { isUtf8 } from 'node:buffer'
import { asBuffer } from '../../shared/codecs/bytes.ts'
import { jsonSafe } from './json-safe.ts'

/** A value on one line, for a person: text as it is, anything else as JSON. */
export const valueText = (value: unknown): string => (typeof value === 'string' ? value : jsonText(value))

/** A value as JSON on one line. */
export const jsonText = (value: unknown): string => JSON.stringify(jsonSafe(value)) ?? 'null'

/** A record's text without the line break at its end, which would be an empty line. */
export const withoutLineBreak = (data: Uint8Array): string =>
  asBuffer(data)
    .toString('utf8')
    .replace(/\r?\n$/, '')

/** Bytes as text where they are UTF-8, undefined otherwise. */
export const utf8Of = (bytes: Uint8Array): string | undefined =>
  isUtf8(bytes) ? asBuffer(bytes).toString('utf8') : undefined
