import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { prepare } from '../../local/simulator/subject.ts'
import { temporaryFolder } from '../cloud/clouds.ts'

const index = JSON.stringify(pathToFileURL(join(import.meta.dirname, '../../shared/index.ts')).href)
const program = `
import { csv, int, pipeline, text } from ${index}
export const sales = pipeline('sales', ({ source }) => ({
  totals: source('sales', { codec: csv({ shop: text, cents: int }, { header: true }) }).keyBy('shop').count('totals'),
}))
`

const folder = temporaryFolder()
const file = join(folder, 'sales.ts')
writeFileSync(file, program)
mkdirSync(join(folder, 'in'))
writeFileSync(join(folder, 'in/1.csv'), 'cents,shop\n1,a\n2,"b\nc"\n')
writeFileSync(join(folder, 'in/2.csv'), 'shop,cents\nd,3\n')

async function recordsOf(path: string): Promise<string[]> {
  const seeds = await prepare({ file, inputs: { sales: path }, records: 100 })
  return seeds(1).workload.inputs.sales.map(({ data }) => Buffer.from(data).toString())
}

test('an input file is read as a run reads it: without its header, rows of several lines as one record', async () => {
  assert.deepEqual(await recordsOf(join(folder, 'in/1.csv')), ['a,1', '"b\nc",2'])
})

test('a folder gives the records of its files, in the order of their names', async () => {
  assert.deepEqual(await recordsOf(join(folder, 'in')), ['a,1', '"b\nc",2', 'd,3'])
})

test('an input that is not there, or of no source, is said in a sentence', async () => {
  await assert.rejects(recordsOf(join(folder, 'none.csv')), /^InputError: Cannot read input "sales": there is no file/)
  await assert.rejects(prepare({ file, inputs: { other: file } }), /other/)
})
