import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { type NexmarkSpec, writeNexmark } from '../../functions/nexmark/generate.ts'
import { NexmarkOracle } from './oracle.ts'
import { type QueryRun, queries, runQuery } from './run-query.ts'
import { assertSameRows, type Row } from './same-rows.ts'

/** Tests that each query over generated events comes to what DuckDB says, with nothing late and no dead letter. */
export function testAgainstOracle(name: string, spec: NexmarkSpec, asked: readonly string[] = queries): void {
  describe(name, () => {
    const folder = mkdtempSync(join(tmpdir(), 'millrace-nexmark-'))
    let oracle: NexmarkOracle
    before(async () => {
      await writeNexmark(folder, spec)
      oracle = await NexmarkOracle.open(folder)
    })
    after(() => {
      oracle.close()
      rmSync(folder, { recursive: true, force: true })
    })
    for (const query of asked) {
      test(`${query} is DuckDB's answer`, async () => {
        const { rows, report }: QueryRun = await runQuery(query, folder)
        const { late, expired, deadLetters } = report
        assert.deepEqual({ late, expired, deadLetters }, { late: 0, expired: 0, deadLetters: [] })
        const expected = await oracle.answer(query)
        assert.ok(expected.length > 0, 'nothing is expected')
        assertSameRows(query === 'q12' ? ofAllWindows(rows) : rows, expected)
      })
    }
  })
}

/** What came together depends on when it came: the windows of arrival time are whole, and add up. */
function ofAllWindows(rows: readonly Row[]): Row[] {
  const counts = new Map<unknown, number>()
  for (const { bidder, bidCount, startTime, endTime } of rows) {
    const [start, end] = [startTime, endTime].map(time => Date.parse(String(time)))
    assert.equal(end - start, 10_000)
    assert.equal(start % 10_000, 0)
    counts.set(bidder, (counts.get(bidder) ?? 0) + Number(bidCount))
  }
  return Array.from(counts, ([bidder, bidCount]) => ({ bidder, bidCount }))
}
