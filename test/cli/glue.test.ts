import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { temporaryFolder } from '../cloud/clouds.ts'
import { fileIn } from './command.ts'
import { millrace, usage } from './commands.ts'
import { GlueStandIn } from './glue-stand-in.ts'

const folder = temporaryFolder()
const glue = new GlueStandIn()
const before = { ...process.env }
Object.assign(process.env, {
  ...{ AWS_ENDPOINT_URL_GLUE: await glue.listen(), AWS_REGION: 'eu-west-1' },
  ...{ AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' },
})
after(() => {
  process.env = before
})

async function newStream(name: string): Promise<string> {
  const data = join(temporaryFolder(), 'data')
  await millrace('streams', 'create', name, '--data', data)
  return data
}

async function bytesOf(name: string, data: string): Promise<readonly string[]> {
  const printed = await millrace('consume', name, '--data', data, '--json')
  return printed
    .split('\n')
    .slice(0, -1)
    .map(line => JSON.parse(line))
    .map(({ data: text, dataBase64 }) => Buffer.from(text ?? dataBase64, text === undefined ? 'base64' : 'utf8'))
    .map(bytes => bytes.toString('hex'))
}

test('Avro records carry the id of their schema in AWS Glue, and are read by it', async () => {
  const schema = '{"type":"record","name":"R","fields":[{"name":"a","type":"int"}]}'
  const data = await newStream('numbers')
  const reach = ['--data', data, '--codec', 'avro', '--registry', 'glue:team']
  const given = [
    '--schema',
    fileIn(folder, 'r.avsc', schema),
    '--file',
    fileIn(folder, 'r.jsonl', '{"a":1}\n{"a":-1}\n'),
  ]
  await millrace('produce', 'numbers', ...reach, ...given)
  assert.deepEqual(glue.versions.at(-1), {
    id: '00000000-0000-0000-0000-000000000001',
    name: 'numbers',
    type: 'AVRO',
    text: schema,
  })
  assert.deepEqual(await bytesOf('numbers', data), [`0300${'0'.repeat(31)}102`, `0300${'0'.repeat(31)}101`])
  assert.equal(await millrace('consume', 'numbers', ...reach), '{"a":1}\n{"a":-1}\n')
  assert.deepEqual([...glue.askedFor], ['eu-west-1 team'])
})

test('protobuf records too, with the place of their message, in the region and under the name that are given', async () => {
  const schema = join(import.meta.dirname, '../vectors/protobuf/orders.proto')
  const data = await newStream('orders')
  const reach = ['--data', data, '--codec', 'protobuf', '--registry', 'glue:my.registry', '--region', 'eu-central-1']
  const given = ['--schema', schema, '--message', 'OldOrder', '--subject', 'order']
  await millrace('produce', 'orders', ...reach, ...given, '--file', fileIn(folder, 'o.jsonl', '{"id":"a"}\n'))
  const version = glue.versions.at(-1)
  assert.equal(version?.name, 'order')
  assert.equal(version?.type, 'PROTOBUF')
  assert.equal(version?.text, readFileSync(schema, 'utf8'))
  // The message is the first by name.
  const [hex] = await bytesOf('orders', data)
  assert.equal(hex, `0300${version?.id.replaceAll('-', '')}000a0161`)
  assert.equal(await millrace('consume', 'orders', ...reach), '{"id":"a","amount":0}\n')
  assert.ok(glue.askedFor.has('eu-central-1 my.registry'))
})

test('a region without AWS and Glue, or a registry without a name is refused', async () => {
  const data = await newStream('s')
  const consume = (...args: readonly string[]) => millrace('consume', 's', '--data', data, '--codec', 'avro', ...args)
  await assert.rejects(
    consume('--registry', 'http://127.0.0.1:1', '--region', 'eu-west-1'),
    usage('Cannot use --region: it is about AWS, add --aws or --endpoint URL'),
  )
  for (const name of ['glue:', 'glue:a/b', `glue:${'x'.repeat(256)}`]) {
    await assert.rejects(
      consume('--registry', name),
      usage(
        `Cannot use --registry "${name}": it does not name a registry of AWS Glue, expected something like glue:my-registry`,
      ),
    )
  }
})

test('records whose schema Glue does not have are malformed, and Glue that is not there is told of', async () => {
  const data = await newStream('s')
  // Long enough to pass for text.
  const record = Buffer.from(`0300${'f'.repeat(32)}${'61'.repeat(100)}`, 'hex')
  await millrace('produce', 's', '--data', data, '--file', fileIn(folder, 'record', record))
  const reach = ['--data', data, '--codec', 'protobuf', '--registry', 'glue:team']
  await assert.rejects(millrace('consume', 's', ...reach), /which Glue schema registry "team" does not have/)
  assert.equal(await millrace('consume', 's', ...reach, '--skip-malformed'), '')
  process.env.AWS_ENDPOINT_URL_GLUE = 'http://127.0.0.1:1'
  await assert.rejects(millrace('consume', 's', ...reach), /^\w*Error: Cannot look up schema version .+ECONNREFUSED/)
})
