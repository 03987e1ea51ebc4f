import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { create } from '@bufbuild/protobuf'
import { z } from 'zod'
import { drive } from '../../local/testing/index.ts'
import { protobuf } from '../../shared/codecs/protobuf/index.ts'
import { json, pipeline } from '../../shared/index.ts'
import { memoryRegistry, registeredJson } from '../../shared/registry/index.ts'
import { OldOrderSchema, OrderSchema } from '../vectors/protobuf/orders_pb.ts'

test('a pipeline reads and writes protobuf and JSON by a registry, and gives up records that nobody can read', async () => {
  const registry = memoryRegistry()
  const proto = readFileSync(new URL('../vectors/protobuf/orders.proto', import.meta.url), 'utf8')
  const amount = z.object({ id: z.string(), amount: z.int() })
  const orders = pipeline('orders', ({ source }) => {
    const read = source('orders', { codec: protobuf(OldOrderSchema, { registry, subject: 'orders-value', proto }) })
    return {
      counts: read.keyBy('id').count('counts'),
      newer: read
        .map(({ id, amount: rank }) => create(OrderSchema, { id, rank }))
        .toStream('newer', protobuf(OrderSchema, { registry, subject: 'newer-value', proto })),
      amounts: read
        .map(order => ({ id: order.id, amount: order.amount }))
        .toStream(
          'amounts',
          registeredJson(json(amount), { registry, subject: 'amounts-value', jsonSchema: z.toJSONSchema(amount) }),
        ),
    }
  })
  const run = drive(orders)
  await run.orders.push(create(OldOrderSchema, { id: 'a', amount: 1 }), create(OldOrderSchema, { id: 'a', amount: 5 }))
  await run.orders.pushRaw('nonsense', '\0\0\0\0\x63\0')

  assert.deepEqual(run.counts.rows(), [{ key: 'a', value: 2 }])
  assert.deepEqual(
    run.newer.values(),
    [1, 5].map(rank => create(OrderSchema, { id: 'a', rank })),
  )
  assert.deepEqual(run.amounts.values(), [
    { id: 'a', amount: 1 },
    { id: 'a', amount: 5 },
  ])
  assert.deepEqual(
    run.deadLetters().map(({ reason }) => reason),
    [
      "Cannot read Confluent's wire format: found the bytes 6e 6f 6e 73 65 6e 73 65, expected a zero and the four bytes of a schema id",
      'Cannot read millrace.test.OldOrder: found the schema id 99, which a schema registry in memory does not have, expected that of a schema for it',
    ],
  )
})
