import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DynamoRegistryStore } from '../../shared/aws/index.ts'
import { SchemaRegistry } from '../../shared/registry/registry.ts'
import { onEmulatedAws, testHost } from '../aws/aws-test.ts'
import { testStore } from './store-contract.ts'

const on = await onEmulatedAws()
const open = (registry: string, table = on.table) =>
  new DynamoRegistryStore({ table, registry }, on.clients, testHost())

let made = 0
testStore(
  'DynamoDB',
  () => {
    const registry = `r${made++}`
    return [open(registry), open(registry)]
  },
  3,
)

test('a transaction that meets another is made again; one whose answer is lost is not made twice', async () => {
  const store = open('met')
  let refusals = 2
  on.aws.decide = ({ operation }) => {
    if (operation !== 'TransactWriteItems') return 'serve'
    if (refusals-- > 0) return { error: 'TransactionCanceledException' }
    return refusals === -1 ? 'lose' : 'serve'
  }
  assert.deepEqual(await new SchemaRegistry(store).register('s', { type: 'AVRO', text: '"int"' }), {
    subject: 's',
    version: 1,
    id: 1,
  })
  assert.deepEqual(await new SchemaRegistry(store).versions('s'), [1])
})

test('other refusals of DynamoDB are sentences', async () => {
  const store = open('x', 'none')
  await assert.rejects(store.get({ part: 'subjects', name: 's' }), {
    name: 'StopDeploymentError',
    message: /^Cannot read the schema registry: table "none" does not exist there/,
  })
})
