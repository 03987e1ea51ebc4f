import assert from 'node:assert/strict'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { after, test } from 'node:test'
import { serveRegistry } from '../../local/registry/serve.ts'
import { SqliteRegistryStore } from '../../local/registry/sqlite-registry-store.ts'
import { MemoryRegistryStore } from '../../shared/registry/memory-store.ts'
import { fileIn, startMillrace, temporaryFolder } from './command.ts'
import { millrace, usage } from './commands.ts'

const folder = temporaryFolder()
const record = (...fields: readonly object[]) => JSON.stringify({ type: 'record', name: 'R', fields })
const first = fileIn(folder, 'first.avsc', record({ name: 'a', type: 'int' }))
const wrong = fileIn(folder, 'wrong.avsc', record({ name: 'b', type: 'int' }))

test('register, list, show, check and config work on a registry', async () => {
  const served = await serveRegistry({ store: new MemoryRegistryStore() })
  after(() => served.close())
  const registry = (...args: readonly string[]) => millrace('registry', ...args, '--url', served.url)
  assert.equal(
    await registry('register', 'a/b-value', first),
    `Registered "${first}" under subject "a/b-value": its id is 1\n`,
  )
  assert.equal(await registry('list'), 'subject    type  version  id\na/b-value  AVRO        1   1\n')
  assert.deepEqual(JSON.parse(await registry('list', '--json')), {
    schemas: [{ subject: 'a/b-value', version: 1, id: 1, type: 'AVRO' }],
  })
  assert.equal(await registry('config'), 'BACKWARD\n')
  assert.equal(await registry('config', 'full'), 'New versions of all subjects have to be FULL\n')
  assert.equal(await registry('config', 'a/b-value'), 'FULL\n')
  assert.equal(await registry('config', 'a/b-value', 'none'), 'New versions of subject "a/b-value" have to be NONE\n')
  assert.equal(await registry('check', 'a/b-value', wrong), `"${wrong}" gets along with what subject "a/b-value" has\n`)
  await registry('config', 'a/b-value', 'BACKWARD')
  const missing = /READER_FIELD_MISSING_DEFAULT_VALUE/
  await assert.rejects(registry('check', 'a/b-value', wrong), { name: 'Error', message: missing })
  await assert.rejects(registry('register', 'a/b-value', wrong), { name: 'StopDeploymentError', message: missing })
  const shown = [
    await registry('show', '--id', '1'),
    await registry('show', 'a/b-value'),
    await registry('show', 'a/b-value', '1'),
  ]
  for (const text of shown) assert.deepEqual(JSON.parse(text), JSON.parse(record({ name: 'a', type: 'int' })))
  await assert.rejects(
    registry('show', 'none'),
    usage('Cannot show version latest of subject "none": it is not in the registry, see millrace registry list'),
  )
})

test('schemas of all types are told by the endings of their files, and may refer to others', async () => {
  const served = await serveRegistry({ store: new MemoryRegistryStore() })
  after(() => served.close())
  const registry = (...args: readonly string[]) => millrace('registry', ...args, '--url', served.url)
  const money = fileIn(folder, 'money.proto', 'syntax = "proto3"; package bank; message Money { int64 cents = 1; }')
  const text = 'syntax = "proto3"; import "money.proto"; message Order { bank.Money price = 1; }'
  const order = fileIn(folder, 'order.proto', text)
  await registry('register', 'money', money)
  await registry('register', 'order', order, '--reference', 'money.proto=money@latest')
  await registry('register', 'note', fileIn(folder, 'note.json', '{"type":"string"}'))
  await registry('register', 'text', fileIn(folder, 'text.json', '"string"'), '--type', 'avro')
  assert.match(
    await registry('show', 'order'),
    /^syntax = "proto3";\nimport "money.proto";\nmessage Order {\n {2}bank.Money price = 1;\n}\n$/,
  )
  const { schemas } = JSON.parse(await registry('list', '--json'))
  assert.deepEqual(
    schemas.map(({ type }: { type: string }) => type),
    ['PROTOBUF', 'JSON', 'PROTOBUF', 'AVRO'],
  )
})

test('serve keeps schemas in a data folder, and ends when it is told to', async () => {
  const data = join(folder, 'data')
  const running = startMillrace(['registry', 'serve', '--port', '0', '--data', data])
  const { value = '' } = await createInterface({ input: running.process.stderr! })[Symbol.asyncIterator]().next()
  const [url = ''] = /http:\/\/127\.0\.0\.1:\d+/.exec(value) ?? []
  await millrace('registry', 'register', 's', first, '--url', url)
  running.process.kill('SIGINT')
  assert.equal((await running.ended).status, 130)
  const store = new SqliteRegistryStore(data)
  after(() => store.close())
  assert.deepEqual(
    (await store.list('subjects')).map(({ name }) => name),
    ['s'],
  )
})

test('a wrong command line is refused with what would be right', async () => {
  const other = fileIn(folder, 'schema.txt', '"int"')
  const cases: readonly (readonly [readonly string[], string | RegExp])[] = [
    [
      ['register', 's', other],
      `Cannot tell the type of schema "${other}" by its ending: expected one of AVRO, JSON, PROTOBUF as --type`,
    ],
    [['register', 's', first, '--type', 'xml'], 'Cannot read --type "xml": expected one of AVRO, JSON, PROTOBUF'],
    [['register', 's', join(folder, 'none.avsc')], /^Cannot read schema ".*none\.avsc": ENOENT/],
    [
      ['register', 's', first, '--reference', 'x'],
      'Cannot read --reference "x": expected one as "Money=money-value@1"',
    ],
    [['show'], 'Cannot show a schema: it has to be named once, give a subject or --id'],
    [['config', 's', 'SOME'], /^Cannot configure subject "s": there is no level "SOME", expected one of NONE, /],
    [['serve', '--port', '99999'], 'Cannot read --port "99999": expected a whole number from 0 to 65535'],
  ]
  for (const [args, message] of cases) await assert.rejects(millrace('registry', ...args), usage(message))
})
