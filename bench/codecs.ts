import { createRequire } from 'node:module'
import { create, fromBinary, toBinary } from '@bufbuild/protobuf'
import {
  type FieldDescriptorProto,
  FieldDescriptorProto_Label,
  FileDescriptorSetSchema,
  FieldDescriptorProto_Type as Type,
} from '@bufbuild/protobuf/wkt'
import { parse as parseCsv } from 'csv-parse/sync'
import { z } from 'zod'
import { avro } from '../shared/codecs/avro/index.ts'
import type { Codec } from '../shared/codecs/codec.ts'
import { csv } from '../shared/codecs/csv.ts'
import { bool, float, int, oneOf, optional, text } from '../shared/codecs/csv-fields.ts'
import { timestamp } from '../shared/codecs/csv-timestamp.ts'
import { json } from '../shared/codecs/json.ts'
import { protobuf, protobufType } from '../shared/codecs/protobuf/index.ts'

export type CodecFigures = {
  readonly name: string
  readonly library: string
  readonly decode: Rates
  readonly encode: Rates
}

/** Records a second, medians of the rounds. The ratio is that of each round. */
export type Rates = { readonly ours: number; readonly bare: number; readonly ratio: number }

type Order = {
  readonly id: number
  readonly at: number
  readonly shop: string
  readonly customer: string
  readonly amount: number
  readonly price: number
  readonly paid: boolean
  readonly side: 'B' | 'S'
  readonly city: string
  readonly note: string | undefined
}

/** What is compared: one pass over all records each. */
type Contest = {
  readonly name: string
  readonly library: string
  readonly decode: () => unknown
  readonly bareDecode: () => unknown
  readonly encode: () => unknown
  readonly bareEncode: () => unknown
}

/** The same orders in each format: a codec, and the library that it stands on as one would call it by hand, by turns. */
export function codecBench(count = 20_000, rounds = 9): readonly CodecFigures[] {
  const orders = Array.from({ length: count }, (_, i) => orderOf(i))
  return [
    jsonContest(orders),
    zodContest(orders),
    csvContest(orders),
    avroContest(orders),
    protobufContest(orders),
  ].map(({ name, library, decode, bareDecode, encode, bareEncode }) => ({
    name,
    library,
    decode: ratesOf(decode, bareDecode, count, rounds),
    encode: ratesOf(encode, bareEncode, count, rounds),
  }))
}

function orderOf(i: number): Order {
  return {
    id: 1_000_000 + i,
    at: Date.UTC(2026, 0, 1) + i * 1_000,
    shop: `shop-${i % 40}`,
    customer: `customer-${(i * 7919) % 5_000}`,
    amount: (i * 31) % 1_000,
    price: ((i * 37) % 100_000) / 100,
    paid: i % 3 !== 0,
    side: i % 2 === 0 ? 'B' : 'S',
    city: ['Berlin', 'Köln', 'Hamburg', 'München'][i % 4],
    note: i % 5 === 0 ? `to be sent on day ${i % 30}, before noon` : undefined,
  }
}

function jsonContest(orders: readonly Order[]): Contest {
  const codec = json<Order>()
  const records = orders.map(order => Buffer.from(JSON.stringify(order)))
  return {
    name: 'json()',
    library: 'JSON.parse, JSON.stringify',
    ...ours(codec, records, orders),
    bareDecode: () => each(records, record => JSON.parse(record.toString())),
    bareEncode: () => each(orders, order => Buffer.from(JSON.stringify(order))),
  }
}

function zodContest(orders: readonly Order[]): Contest {
  const schema = z.object({
    id: z.int(),
    at: z.int(),
    shop: z.string(),
    customer: z.string(),
    amount: z.int(),
    price: z.number(),
    paid: z.boolean(),
    side: z.enum(['B', 'S']),
    city: z.string(),
    note: z.string().optional(),
  })
  const codec = json(schema)
  const records = orders.map(order => Buffer.from(JSON.stringify(order)))
  return {
    name: 'json(schema of Zod)',
    library: 'the same with schema.parse; encode checks what it wrote, which the bare one does not',
    ...ours(codec, records, orders),
    bareDecode: () => each(records, record => schema.parse(JSON.parse(record.toString()))),
    bareEncode: () => each(orders, order => Buffer.from(JSON.stringify(order))),
  }
}

function csvContest(orders: readonly Order[]): Contest {
  const codec = csv({
    id: int,
    at: timestamp('yyyy-MM-ddTHH:mm:ss.SSSZ'),
    shop: text,
    customer: text,
    amount: int,
    price: float,
    paid: bool,
    side: oneOf('B', 'S'),
    city: text,
    note: optional(text),
  })
  const names = Object.keys(orders[0])
  const records = orders.map(order => Buffer.from(codec.encode(order)))
  const whole = Buffer.concat(records.flatMap(record => [record, Buffer.from('\n')]))
  const cast = (value: string, { column }: { readonly column: unknown }): unknown => {
    if (column === 'id' || column === 'amount' || column === 'price') return Number(value)
    if (column === 'at') return Date.parse(value)
    return column === 'paid' ? value === 'true' : value
  }
  const quoted = (value: unknown): string => {
    const written = value === undefined ? '' : String(value)
    return /[",\r\n]/.test(written) ? `"${written.replaceAll('"', '""')}"` : written
  }
  return {
    name: 'csv',
    library: 'csv-parse over the whole file with a cast for each column; encode: values joined by hand',
    ...ours(codec, records, orders),
    bareDecode: () => parseCsv(whole, { columns: names, cast }),
    bareEncode: () =>
      each(orders, order => {
        const values = Object.values({ ...order, at: new Date(order.at).toISOString() })
        return Buffer.from(values.map(quoted).join(','))
      }),
  }
}

function avroContest(orders: readonly Order[]): Contest {
  const schema = {
    type: 'record',
    name: 'Order',
    fields: [
      { name: 'id', type: 'long' },
      { name: 'at', type: 'long' },
      { name: 'shop', type: 'string' },
      { name: 'customer', type: 'string' },
      { name: 'amount', type: 'int' },
      { name: 'price', type: 'double' },
      { name: 'paid', type: 'boolean' },
      { name: 'side', type: { type: 'enum', name: 'Side', symbols: ['B', 'S'] } },
      { name: 'city', type: 'string' },
      { name: 'note', type: ['null', 'string'] },
    ],
  } as const
  const { Type: AvscType }: typeof import('avsc') = createRequire(import.meta.url)('avsc')
  const bare = AvscType.forSchema(structuredClone(schema) as never)
  const codec = avro(schema)
  const values = orders.map(order => ({ ...order, note: order.note ?? null }))
  const records = values.map(value => Buffer.from(codec.encode(value)))
  return {
    name: 'avro',
    library: 'avsc',
    ...ours(codec, records, values),
    bareDecode: () => each(records, record => bare.fromBuffer(record)),
    bareEncode: () => each(values, value => bare.toBuffer(value)),
  }
}

function protobufContest(orders: readonly Order[]): Contest {
  const types = [
    ['id', Type.INT64],
    ['at', Type.INT64],
    ['shop', Type.STRING],
    ['customer', Type.STRING],
    ['amount', Type.INT32],
    ['price', Type.DOUBLE],
    ['paid', Type.BOOL],
    ['side', Type.STRING],
    ['city', Type.STRING],
    ['note', Type.STRING],
  ] as const
  const field = types.map(
    ([name, type], i): Partial<FieldDescriptorProto> => ({
      name,
      jsonName: name,
      number: i + 1,
      type,
      label: FieldDescriptorProto_Label.OPTIONAL,
    }),
  )
  const set = create(FileDescriptorSetSchema, {
    file: [
      {
        name: 'order.proto',
        syntax: 'proto3',
        messageType: [{ name: 'Order', field: field as FieldDescriptorProto[] }],
      },
    ],
  })
  const desc = protobufType(toBinary(FileDescriptorSetSchema, set), 'Order')
  const codec = protobuf(desc)
  const values = orders.map(order =>
    create(desc, { ...order, id: BigInt(order.id), at: BigInt(order.at), note: order.note ?? '' }),
  )
  const records = values.map(value => Buffer.from(codec.encode(value)))
  return {
    name: 'protobuf',
    library: 'fromBinary and toBinary of Protobuf-ES; decode checks the bytes first, which the bare one does not',
    ...ours(codec, records, values),
    bareDecode: () => each(records, record => fromBinary(desc, record)),
    bareEncode: () => each(values, value => toBinary(desc, value)),
  }
}

const ours = <T>(codec: Codec<T>, records: readonly Buffer[], values: readonly T[]) => ({
  decode: () => each(records, record => codec.decode(record, 0, record.length)),
  encode: () => each(values, value => codec.encode(value)),
})

/** Keeps what was made last, so that nothing is left out as useless, and no more, so that nobody cleans up after another. */
function each<T>(items: readonly T[], make: (item: T) => unknown): unknown {
  let last: unknown
  for (const item of items) last = make(item)
  return last
}

function ratesOf(run: () => unknown, bare: () => unknown, count: number, rounds: number): Rates {
  for (let warm = 0; warm < 3; warm++) {
    run()
    bare()
  }
  const times = Array.from({ length: rounds }, () => ({ ours: secondsOf(run), bare: secondsOf(bare) }))
  return {
    ours: count / median(times.map(time => time.ours)),
    bare: count / median(times.map(time => time.bare)),
    ratio: median(times.map(time => time.bare / time.ours)),
  }
}

/** Of the processor: others use the machine too. */
function secondsOf(run: () => unknown): number {
  globalThis.gc?.()
  const before = process.cpuUsage()
  run()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1e6
}

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1]
