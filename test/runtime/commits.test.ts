import assert from 'node:assert/strict'
import { test } from 'node:test'
import { drive } from 'millrace/testing'
import { json, milliseconds, pipeline, tumbling } from '../../shared/index.ts'
import { limits } from '../../shared/model/limits.ts'
import { Random } from '../cloud/random.ts'

type Note = { readonly at: number; readonly key: string; readonly text: string }
const notes = { codec: json<Note>(), eventTime: (note: Note) => note.at }

/** Text that does not compress. */
function noise(random: Random, length: number): string {
  return Array.from({ length }, () => String.fromCharCode(33 + random.below(90))).join('')
}

const joined = {
  create: () => ({ text: '' }),
  add: (all: { text: string }, note: Note) => ({ text: all.text + note.text }),
  merge: (a: { text: string }, b: { text: string }) => ({ text: a.text + b.text }),
  result: (all: { text: string }) => all.text,
}

const keeping = pipeline(
  'keeping',
  ({ source }) => {
    const all = source('notes', notes)
    const byKey = all.keyBy('key')
    return {
      lengths: byKey
        .aggregate('joined', joined)
        .map(row => `${row.key}${row.value.length}`)
        .forEach(() => {}),
      perKey: byKey.count('per-key'),
      perWindow: byKey.window(tumbling(milliseconds(10))).count('per-window'),
    }
  },
  { keyGroups: 2 },
)

test('a batch whose state is larger than a commit is committed in several, and nothing is counted twice', async () => {
  const random = new Random(1)
  const run = drive(keeping)
  const all = Array.from({ length: 40 }, (_, i) => ({ at: i, key: `k${i % 20}`, text: noise(random, 30_000) }))
  await run.notes.push(...all)
  await run.notes.end()
  const [most] = run.reports.filter(report => report.stage === 'key').toSorted((a, b) => b.commits - a.commits)
  assert.ok(most.commits > 3, `${most.commits} commits`)
  assert.deepEqual(new Set(run.perKey.rows().map(row => row.value)), new Set([2]))
  assert.equal(run.perKey.rows().length, 20)
  assert.equal(run.perWindow.rows().length, 40)
  assert.deepEqual(run.deadLetters(), [])
  for (const { commits, commitBytes } of run.reports) assert.ok(commitBytes <= commits * limits.itemBytes)
})

test('a crash between two commits of one batch loses and doubles nothing', async () => {
  const random = new Random(2)
  const all = Array.from({ length: 30 }, (_, i) => ({ at: i, key: `k${i % 15}`, text: noise(random, 30_000) }))
  for (const occurrence of [1, 2, 3, 4]) {
    for (const point of ['beforeCommit', 'afterCommit', 'beforeView', 'afterView'] as const) {
      const run = drive(keeping)
      run.crash(point, { stage: 'key', occurrence })
      await run.notes.push(...all)
      await run.notes.end()
      assert.deepEqual(
        run.perKey.rows().map(row => row.value),
        Array(15).fill(2),
        `${point} ${occurrence}`,
      )
      assert.equal(run.perWindow.rows().length, 30)
    }
  }
})

test('a single message that no commit holds is dead-lettered with its size, and the next ones are counted', async () => {
  const random = new Random(3)
  const run = drive(keeping)
  const large = { at: 2, key: 'a', text: noise(random, 600_000) }
  await run.notes.push({ at: 1, key: 'a', text: 'x' }, large, { at: 3, key: 'a', text: 'z' })
  assert.deepEqual(run.perKey.rows(), [{ key: 'a', value: 2 }])
  const [letter, ...others] = run.deadLetters()
  assert.deepEqual(others, [])
  assert.match(
    letter.reason,
    /^Cannot run operator "key": its state and outputs take \d+ bytes, more than the 358400 that a commit holds$/,
  )
  assert.equal(letter.payload.length, limits.deadLetterBytes)
})

test('near its deadline an invocation commits what is done and reports the rest', async () => {
  const run = drive(keeping, { timeoutMs: 1_000, lookMs: 300, shards: { notes: 2 } })
  const all = Array.from({ length: 30 }, (_, i) => ({ at: i, key: `k${i % 3}`, text: '' }))
  for (const note of all) await run.notes.push(note)
  await run.notes.push(...all)
  await run.notes.end()
  assert.deepEqual(
    run.perKey.rows().map(row => row.value),
    [20, 20, 20],
  )
  assert.ok(run.reports.length > 40)
})

test('the ring of commits comes round many times, with a cold start after each commit', async () => {
  const run = drive(keeping)
  const rounds = limits.ringSlots * 3 + 5
  for (let i = 0; i < rounds; i++) {
    await run.notes.push({ at: i * 10, key: `k${i % 7}`, text: '.' })
    run.evict()
  }
  const counts = run.perKey.rows().map(row => row.value)
  assert.equal(
    counts.reduce((sum, count) => sum + count, 0),
    rounds,
  )
  assert.equal(run.perWindow.rows().length, rounds - 1)
  assert.ok(run.awaits.some(each => each.operation === 'Page'))
  assert.ok(run.awaits.some(each => each.operation === 'ReadPage'))
})

test('a key that is silent while the ring comes round keeps its state', async () => {
  const run = drive(keeping)
  await run.notes.push({ at: 0, key: 'silent', text: 'x' })
  for (let i = 1; i < limits.ringSlots * 2; i++) await run.notes.push({ at: 0, key: 'busy', text: 'x' })
  run.evict()
  await run.notes.push({ at: 1, key: 'silent', text: 'x' })
  assert.deepEqual(run.perKey.rows(), [
    { key: 'busy', value: limits.ringSlots * 2 - 1 },
    { key: 'silent', value: 2 },
  ])
})

test('pages in several parts are read back whole', async () => {
  const random = new Random(4)
  const run = drive(keeping)
  for (let i = 0; i < 60; i++) {
    await run.notes.push({ at: i, key: `k${i % 30}`, text: noise(random, 40_000) })
    if (i % 10 === 9) run.evict()
  }
  const parts = run.awaits.filter(each => each.operation === 'Page').length
  assert.ok(parts >= 4, `${parts} parts of pages`)
  assert.deepEqual(new Set(run.perKey.rows().map(row => row.value)), new Set([2]))
  assert.equal(new Set(run.lengths.values()).size, 60)
})

test('two environments that take turns, each with a stale cache, count everything once', async () => {
  const run = drive(keeping)
  run.environments(2)
  const rounds = limits.ringSlots + 20
  for (let i = 0; i < rounds; i++) await run.notes.push({ at: i, key: `k${i % 2}`, text: '.' })
  assert.deepEqual(
    run.perKey.rows().map(row => row.value),
    [rounds / 2, rounds / 2],
  )
})

test('a reshard under pending windows and a full ring moves every key group with its state', async () => {
  const run = drive(keeping, { shards: { key: 1 } })
  let at = 0
  const push = async (count: number) => {
    for (let i = 0; i < count; i++) await run.notes.push({ at: at++, key: `k${at % 5}`, text: '.' })
  }
  await push(70)
  await run.split('key')
  await push(30)
  await run.merge('key')
  run.evict()
  await push(70)
  await run.split('key')
  await run.split('notes')
  await push(10)
  await run.notes.end()
  assert.deepEqual(
    run.perKey.rows().map(row => row.value),
    Array(5).fill(36),
  )
  const inWindows = run.perWindow.rows().reduce((sum, row) => sum + row.value, 0)
  assert.equal(inWindows, 180)
  const { log } = await run.stageTotals('key')
  assert.deepEqual(
    { late: log.late, expired: log.expired, messages: log.messages },
    { late: 0, expired: 0, messages: 180 },
  )
})

test('a stream of one message a time commits once an invocation, and a redelivery not at all', async () => {
  const run = drive(keeping)
  await run.notes.push({ at: 1, key: 'a', text: '' })
  await run.notes.push({ at: 2, key: 'a', text: '' })
  await run.redeliver('key')
  assert.deepEqual(
    run.reports.filter(report => report.stage === 'key').map(report => report.commits),
    [1, 1, 0],
  )
  assert.deepEqual(
    run.reports.filter(report => report.stage === 'notes').map(report => report.commits),
    [0, 0],
  )
})

test('a record of a parent whose log has expired up to its seal is acknowledged when it comes again', async () => {
  const run = drive(keeping)
  let at = 1
  const push = async () => {
    for (let i = 0; i < 20; i++) await run.notes.push({ at: at++, key: `k${i % 5}`, text: '' })
  }
  await push()
  await run.split('key')
  await push()
  run.advanceClock(limits.retiredMs + 1)
  // What has expired is swept when the next log begins to expire.
  await run.merge('key')
  await push()
  run.evict()
  await run.redeliver('key')
  assert.deepEqual(
    run.perKey.rows().map(row => row.value),
    Array(5).fill(12),
  )
})
