import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { AvroSchema } from '../../../shared/codecs/avro/index.ts'

type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json }

export type PlainCase = {
  readonly schema: AvroSchema
  readonly hex: string
  readonly value: Json
  /** Of the schema's canonical form: its bytes as they come in a single object. */
  readonly fingerprint: string
}
export type PairCase = {
  readonly writer: AvroSchema
  readonly reader: AvroSchema
  readonly hex: string
  readonly value?: Json
  readonly error?: string
}
export type FileCase = {
  readonly codec: string
  readonly schema: AvroSchema
  readonly file: string
  readonly values: readonly Json[]
}
type Vectors = {
  readonly plain: readonly PlainCase[]
  readonly pairs: readonly PairCase[]
  readonly files: readonly FileCase[]
}

const path = fileURLToPath(new URL('../../vectors/avro/vectors.json', import.meta.url))

/** What fastavro made, see test/vectors/README.md. */
export const vectors: Vectors = JSON.parse(readFileSync(path, 'utf8'))

/** A value of the vectors as the codec has it. */
export function fromVector(json: Json): unknown {
  if (Array.isArray(json)) return json.map(fromVector)
  if (typeof json !== 'object' || json === null) return json
  const entries = Object.entries(json)
  if (entries.length === 1) {
    const [name, given] = entries[0]
    if (name === '$bytes') return new Uint8Array(Buffer.from(String(given), 'hex'))
    if (name === '$long') return BigInt(String(given))
    if (name === '$number') return Number(given)
  }
  return Object.fromEntries(entries.map(([name, value]) => [name, fromVector(value)]))
}
