import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { orders } from '../../functions/orders/pipeline.ts'
import { type Row, rowsOfView } from '../../local/cloud/rows.ts'
import { type AwsClients, type AwsPorts, awsClients, awsPorts } from '../../shared/aws/index.ts'
import { ordersOracle } from '../pipelines/orders-oracle.ts'
import { type Ministack, startMinistack, whyNoMinistack } from './ministack.ts'
import { commandsOf, shell } from './readme.ts'

// The commands of the README's section "Deploy", as they stand, on an emulator of AWS that runs functions: the orders example is deployed
// by the CDK's own command line, fed, looked at, and taken away again. The emulator loses no record and repeats none: exactly once under
// faults is for the simulator and LocalStack to show. What it leaves out is in local/localstack/known-gaps.md.

const why = whyNoMinistack()
const commands = commandsOf('Deploy')
const file = resolve(import.meta.dirname, '../../trades.csv')

test('the README has six commands', () => assert.equal(commands.length, 6))

if (why === undefined) describe('the orders, deployed', { timeout: 480_000 }, deployed)
else test('the orders, deployed', { skip: `not run: ${why}` }, () => {})

function deployed(): void {
  let folder: string
  let ministack: Ministack
  let clients: AwsClients
  let ports: AwsPorts
  let environment: Record<string, string>

  const commandWith = (words: string): string => {
    const found = commands.filter(command => command.includes(words))
    assert.equal(found.length, 1, `"${words}" is in one command of the README`)
    return found[0]!
  }
  const run = (words: string, rest = ''): Promise<string> => shell(`${commandWith(words)}${rest}`, environment)

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'millrace-deploy-'))
    ministack = await startMinistack()
    const { endpoint } = ministack
    environment = {
      AWS_ENDPOINT_URL: endpoint,
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
      AWS_REGION: 'us-east-1',
      CI: 'true',
      // Nobody is there to be asked whether roles may be made.
      CDK_REQUIRE_APPROVAL: 'never',
      CDK_OUTPUT: join(folder, 'cdk.out'),
    }
    const settings = { table: 'orders', endpoint }
    clients = awsClients(settings, {})
    ports = awsPorts(settings, clients, { now: Date.now, random: Math.random, sleep: ms => sleep(ms) })
  })

  after(async () => {
    clients?.close()
    await ministack?.stop()
    await rm(folder, { recursive: true, force: true })
  })

  test('cdk bootstrap and cdk deploy make everything', async () => {
    await run('cdk bootstrap')
    await run('cdk deploy')
  })

  test('the views are what DuckDB makes of the same trades', async t => {
    await run('generate orders')
    t.after(() => rm(file))
    await run('produce trades')
    const expected = await ordersOracle(file)
    await until(async () => assert.deepEqual(inCents(await viewsNow(ports)), expected.views), ministack)
    const topClients = JSON.parse(await run('query topClients', ' --json'))
    assert.deepEqual(inCents({ topClients }), { topClients: expected.views.topClients })
    assert.equal((await ports.deadLetters.list('orders')).length, expected.malformed)
  })

  test('the clock puts a tick on every shard between stages', async () => {
    assert.deepEqual(await invokeClock(ministack.endpoint), { status: 200, error: null })
  })

  test('cdk destroy leaves nothing behind', async () => {
    await run('cdk destroy')
    await assert.rejects(ports.streams.listShards('trades'), /does not exist/)
    await assert.rejects(ports.views.scan('orders/sides'), /does not exist/)
  })
}

async function viewsNow({ views }: AwsPorts): Promise<Readonly<Record<string, readonly Row[]>>> {
  const names = orders.plan.graph.sinks.map(({ name }) => name)
  const entries = names.map(async name => [name, rowsOfView(await views.scan(`orders/${name}`))] as const)
  return Object.fromEntries(await Promise.all(entries))
}

/** The pipeline rounds each amount x price to a double, then sums exactly; the oracle's products are decimals. */
const inCents = (views: { readonly topClients?: readonly Row[] }) => ({
  ...views,
  topClients: views.topClients?.map(row => ({ ...row, value: Math.round(Number(row.value) * 100) / 100 })),
})

/** Waits for a check to hold, for two minutes at most; then fails as it did, with the emulator's log. */
async function until(check: () => Promise<void>, ministack: Ministack): Promise<void> {
  for (const end = Date.now() + 120_000; ; await sleep(1_000)) {
    try {
      return await check()
    } catch (error) {
      if (Date.now() < end) continue
      console.error(ministack.log())
      throw error
    }
  }
}

async function invokeClock(endpoint: string) {
  const functions = `${endpoint}/2015-03-31/functions`
  const list: { Functions: { FunctionName: string }[] } = JSON.parse(await (await fetch(functions)).text())
  const clock = list.Functions.find(({ FunctionName }) => FunctionName.includes('Clock'))
  const response = await fetch(`${functions}/${clock?.FunctionName}/invocations`, { method: 'POST', body: '{}' })
  return { status: response.status, error: response.headers.get('x-amz-function-error') }
}
