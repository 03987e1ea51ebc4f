import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, test } from 'node:test'
import { loadPipeline } from '../../../local/functions/load-pipeline.ts'
import { StreamReader, ViewReader } from '../../../local/testing/readers.ts'
import { SourceDriver } from '../../../local/testing/source-driver.ts'
import { NexmarkOracle } from '../../nexmark/oracle.ts'
import { fileOf, queries } from '../../nexmark/run-query.ts'
import { assertSameRows, type Row } from '../../nexmark/same-rows.ts'
import { forEachVariant } from './variants.ts'

const folder = resolve(import.meta.dirname, '../../vectors/nexmark-small')

type Answer = { readonly name: string; readonly rows: readonly Row[] }

/** Lines of the input are pushed together, before a pause. */
const parts = 5

const answers: Answer[] = readdirSync(join(folder, 'answers')).map(file =>
  JSON.parse(readFileSync(join(folder, 'answers', file), 'utf8')),
)

describe('the small Nexmark set', () => {
  test('has its 14 answers', () => assert.equal(answers.length, 14))

  for (const { name, rows } of answers) test(`${name} gives the published rows`, () => assertGives(name, rows))

  // What comes together by arrival time, as in q12, depends on when it comes.
  const others = queries.filter(query => query !== 'q12' && !answers.some(({ name }) => name === query))
  for (const query of others) {
    test(`${query}, which has no published rows, gives DuckDB's`, async () => {
      const oracle = await NexmarkOracle.open(folder)
      const rows = await oracle.answer(query)
      oracle.close()
      await assertGives(query, rows)
    })
  }
})

async function assertGives(query: string, rows: readonly Row[]): Promise<void> {
  const pipeline = await loadPipeline(fileOf(query))
  const names = pipeline.plan.stages.flatMap(({ input }) => (input.kind === 'source' ? [input.stream] : []))
  await forEachVariant(query, {
    pipeline,
    play: async (run, pause) => {
      const sources = names.map(name => ({ source: sourceOf(Reflect.get(run, name)), lines: linesOf(name) }))
      for (let part = 0; part < parts; part++) {
        for (const { source, lines } of sources) await source.pushRaw(...partOf(lines, part))
        await pause()
      }
      for (const { source } of sources) await source.end()
      assertSameRows(rowsOf(Reflect.get(run, 'result')), rows)
    },
  })
}

const linesOf = (source: string): string[] =>
  readFileSync(join(folder, `${source}.jsonl`), 'utf8')
    .trimEnd()
    .split('\n')

const partOf = (lines: readonly string[], part: number): readonly string[] =>
  lines.slice(Math.floor((lines.length * part) / parts), Math.floor((lines.length * (part + 1)) / parts))

function sourceOf(driver: unknown): SourceDriver<unknown> {
  assert.ok(driver instanceof SourceDriver)
  return driver
}

/** The rows of a table, or what was appended to a stream. */
function rowsOf(reader: unknown): readonly Row[] {
  if (reader instanceof ViewReader) return reader.rows().map(row => row.value)
  assert.ok(reader instanceof StreamReader)
  return reader.values()
}
