import { globSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { run } from 'node:test'
import { spec } from 'node:test/reporters'

// Runs every test file in a process of its own, and ends with one plain line of true counts. Arguments narrow the files by a part
// of their path: `npm test -- commit`. What takes minutes runs only when it is named.
const root = import.meta.dirname
const parts = process.argv.slice(2).map(part => part.replace(/^test[/]/, ''))
const onlyWhenNamed = [
  'mutation.test.ts',
  'conformance/dynamodb-local.test.ts',
  'conformance/localstack.test.ts',
  'deploy/deployed.test.ts',
  'integration/exactly-once.test.ts',
  'integration/exactly-once-seeds.test.ts',
  'kafka/kafka-sink.test.ts',
  'kafka/kafka-source.test.ts',
  'nexmark/queries-large.test.ts',
]
const isNamed = (file: string): boolean =>
  parts.length === 0 ? !onlyWhenNamed.some(name => file.endsWith(name)) : parts.some(part => file.includes(part))
const files = globSync('**/*.test.ts', { cwd: root })
  .filter(isNamed)
  .map(file => join(root, file))
  .sort()

const counts = { passed: 0, failed: 0, skipped: 0 }
const stream = run({ files, concurrency: Math.max(1, availableParallelism()) })
stream.on('test:pass', ({ details, skip }) => {
  if (details.type === 'suite') return
  if (skip === undefined || skip === false) counts.passed++
  else counts.skipped++
})
stream.on('test:fail', ({ details }) => {
  if (details.type !== 'suite') counts.failed++
})
stream.compose(spec).pipe(process.stdout)
stream.on('end', () => {
  // The reporter is still writing its own summary.
  setImmediate(() => {
    const skipped = counts.skipped === 0 ? '' : `, ${counts.skipped} skipped`
    process.stdout.write(`\ntests: ${counts.passed} passed, ${counts.failed} failed${skipped}\n`)
    process.exitCode = counts.failed === 0 && counts.passed > 0 ? 0 : 1
  })
})
