import assert from 'node:assert/strict'
import { beforeEach, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { handlers } from 'millrace/lambda'
import { filesEvent, lambdaContext, resetTestCloud, testCloud } from 'millrace/testing'
import { interceptPorts } from '../../local/cloud/intercept-ports.ts'
import { lambdaContext as contextOf } from '../../local/functions/lambda-context.ts'
import { csv, files, int, pipeline, text } from '../../shared/index.ts'

const sales = pipeline(
  'sales',
  ({ source }) => {
    const read = source('sales', {
      codec: csv({ shop: text, cents: int }, { header: true }),
      from: files({ folder: 'incoming' }),
    })
    return { totals: read.keyBy('shop').sum('totals', sale => sale.cents) }
  },
  { keyGroups: 2 },
)
const { sales: reader, shop } = handlers(sales)

const totals = async (): Promise<Record<string, number>> => {
  await testCloud(sales).deliver('shop', shop)
  return Object.fromEntries((await testCloud(sales).rows('totals')).map(({ key, value }) => [key, value]))
}

beforeEach(resetTestCloud)

test('a row of CSV may take several lines, and is named by its first; a quote that is never closed by its own', async () => {
  const cloud = testCloud(sales)
  cloud.putFile('sales', 'a.csv', '"cents","shop"\r\n1,"x\r\ny"\r\nnone,"x\n\ny"\r\n2,"x\r\ny"\r\n3\r\n')
  cloud.putFile('sales', 'b.csv.gz', gzipSync('shop,cents\n"x\r\ny",10\n"x\n","1\nx,20\nx,30'))
  await reader(filesEvent(), lambdaContext())
  assert.deepEqual(await totals(), { 'x\r\ny': 13, x: 50 })
  const letters = (await cloud.deadLetters()).map(({ partitionKey, reason }) => `${partitionKey} ${reason}`)
  assert.deepEqual(letters.sort(), [
    'a.csv:4 Cannot read column 2 "cents": found "none", expected a whole number',
    'a.csv:9 Cannot read the line: found 1 column, expected 2 as in the header',
    'b.csv.gz:5 Cannot read column 2 "cents": found "\\"1", expected a closing quote',
  ])
})

test('a large file of rows that take several lines is read on in each invocation where the last one left it', async () => {
  const cloud = testCloud(sales)
  // Parts of a file end within rows, and within their quotes.
  const row = '"a shop\nwith a name",1\n'
  const rows = 150_000
  cloud.putFile('sales', 'a.csv', `shop,cents\n${row.repeat(rows)}none,none\n`)
  for (let invocations = 0; invocations < 5; invocations++) {
    testCloud().nowMs += 60_000
    let reads = 0
    const ports = interceptPorts(testCloud().ports, (call, effect) => {
      if (call.port === 'sourceFiles' && call.method === 'read') reads++
      return effect()
    })
    const remainingMs = () => (reads < 2 ? 60_000 : 0)
    await reader(
      filesEvent(),
      contextOf({ host: { ports, isQuiet: true, report: () => {} }, functionName: 'sales', remainingMs }),
    )
  }
  assert.deepEqual(await totals(), { 'a shop\nwith a name': rows })
  const [letter] = await cloud.deadLetters()
  assert.equal(letter.partitionKey, `a.csv:${2 * rows + 2}`)
})
