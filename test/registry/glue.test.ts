import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { after, beforeEach, test } from 'node:test'
import { glueRegistry, type WrittenSchema } from '../../shared/registry/index.ts'

// AWS Glue, as its API reference describes it, as far as a client of schemas sees it.

type Version = { readonly id: string; readonly name: string; readonly text: string; status: string; looks: number }
type Input = Readonly<Record<string, string>> & { readonly SchemaId?: { readonly SchemaName: string } }

let versions: Version[] = []
let calls: string[] = []
/** Looks at a new version before it is no longer pending. */
let pending = 0

function operate(operation: string, input: Input): readonly [number, object] {
  const name = input.SchemaId?.SchemaName ?? input.SchemaName ?? ''
  const text = input.SchemaDefinition ?? ''
  const missing = [400, { __type: 'EntityNotFoundException', Message: 'not found' }] as const
  if (operation === 'GetSchemaVersion') {
    const found = versions.find(({ id }) => id === input.SchemaVersionId)
    if (found === undefined) return missing
    if (found.status === 'PENDING' && found.looks++ >= pending)
      found.status = found.text.includes('bad') ? 'FAILURE' : 'AVAILABLE'
    return [200, { SchemaVersionId: found.id, SchemaDefinition: found.text, DataFormat: 'AVRO', Status: found.status }]
  }
  if (operation === 'GetSchemaByDefinition') {
    const found = versions.find(each => each.name === name && each.text === text)
    return found === undefined ? missing : [200, { SchemaVersionId: found.id, Status: found.status }]
  }
  const isThere = versions.some(each => each.name === name)
  if (operation === 'RegisterSchemaVersion' && !isThere) return missing
  if (operation === 'CreateSchema' && isThere) return [400, { __type: 'AlreadyExistsException', Message: 'there' }]
  const id = `00000000-0000-0000-0000-${String(versions.length + 1).padStart(12, '0')}`
  const status = pending > 0 ? 'PENDING' : 'AVAILABLE'
  versions.push({ id, name, text, status, looks: 0 })
  return [200, { SchemaVersionId: id, Status: status, SchemaVersionStatus: status }]
}

const server = createServer(async (request, response) => {
  const operation = String(request.headers['x-amz-target']).split('.')[1] ?? ''
  const parts: Buffer[] = []
  for await (const part of request) parts.push(part)
  calls.push(operation)
  const [status, body] = operate(operation, JSON.parse(Buffer.concat(parts).toString()))
  response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' }).end(JSON.stringify(body))
})
await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
after(() => {
  server.closeAllConnections()
  server.close()
})
const address = server.address()
const endpoint = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`
const open = (more: object = {}) => glueRegistry({ registryName: 'team', endpoint, ...more })
const schema: WrittenSchema = { type: 'AVRO', text: '"int"' }
const first = '00000000-0000-0000-0000-000000000001'

beforeEach(() => {
  versions = []
  calls = []
  pending = 0
})

test('a schema is made with its first version, and found by others', async () => {
  assert.equal(await open().idOf('orders', schema), first)
  assert.deepEqual(calls, ['GetSchemaByDefinition', 'RegisterSchemaVersion', 'CreateSchema'])
  assert.equal(await open().idOf('orders', schema), first)
  assert.equal(await open({ register: false }).idOf('orders', schema), first)
  assert.deepEqual(await open().schemaOf(first), schema)
})

test('ids and schemas are asked for once', async () => {
  const registry = open()
  await Promise.all([registry.idOf('orders', schema), registry.idOf('orders', schema)])
  await Promise.all([registry.schemaOf(first), registry.schemaOf(first)])
  await registry.schemaOf(first)
  assert.equal(calls.length, 4)
})

test('a version is waited for while Glue compares it with the earlier ones', async () => {
  pending = 2
  assert.equal(await open().idOf('orders', schema), first)
  await assert.rejects(open().idOf('orders', { type: 'AVRO', text: '"bad"' }), {
    name: 'StopDeploymentError',
    message: /^Cannot register schema "orders": Glue schema registry "team" says FAILURE of version 00000000/,
  })
})

test('what is not there is undefined, or stops a program that may not register', async () => {
  assert.equal(await open().schemaOf('00000000-0000-0000-0000-000000000009'), undefined)
  await assert.rejects(open({ register: false }).idOf('orders', schema), {
    name: 'StopDeploymentError',
    message: /^Cannot find schema "orders": Glue schema registry "team" does not have it/,
  })
})

test('references, which Glue does not know, are refused', async () => {
  await assert.rejects(open().idOf('orders', { ...schema, references: [{ name: 'x', schema }] }), {
    name: 'ConfigurationError',
  })
})

test('records carry the id as Glue writes it', () => {
  const framed = open().framing.write(first, Buffer.of(7))
  assert.equal(Buffer.from(framed).toString('hex'), '030000000000000000000000000000000001' + '07')
})
