import assert from 'node:assert/strict'
import { memoryCloud } from '../../local/cloud/embedded-cloud.ts'
import { limits } from '../../shared/model/limits.ts'
import type { CommitLogPort, StoredCommit, StoredPage } from '../../shared/ports/commit-log.ts'
import { bytes, ManualClock } from '../cloud/clouds.ts'
import { Random } from '../cloud/random.ts'
import { uniqueName } from './subject.ts'
import { type SubjectSpec, suiteOf } from './suite.ts'

const commit = (version: number, body = 'body', start = 1, ring = 4): StoredCommit => {
  return { version, start, ring, body: bytes(body) }
}
const part = (version: number, text: string, index = 0): StoredPage => {
  return { version, part: index, parts: 2, bytes: bytes(text) }
}

/** What CommitLogPort promises. What becomes of expired commits is the clock's matter, and tested elsewhere. */
export function commitLogSuite(spec: SubjectSpec): void {
  suiteOf('commit log', spec, declare => {
    declare('append() is committed in order, and reading the ring finds every commit', async ({ ports }) => {
      const log = uniqueName('log')
      for (const version of [1, 2, 3, 4]) assert.equal(await ports.commits.append(log, commit(version)), 'committed')
      assert.deepEqual(
        await ringOf(ports.commits, log),
        [1, 2, 3, 4].map(version => commit(version)),
      )
      assert.deepEqual(await ports.commits.readRing(uniqueName('other')), [])
    })

    declare('append() is stale when the slot holds anything but the version of one round before', async subject => {
      const { commits } = subject.ports
      const log = uniqueName('log')
      for (const version of [1, 2, 3, 4, 5]) await commits.append(log, commit(version))
      assert.equal(await commits.append(log, commit(5, 'a zombie')), 'stale')
      assert.equal(await commits.append(log, commit(1, 'a zombie')), 'stale')
      assert.equal(await commits.append(log, commit(10)), 'stale')
      assert.equal(await commits.append(log, commit(6)), 'committed')
      const versions = (await ringOf(commits, log)).map(({ version }) => version)
      assert.deepEqual(versions, [3, 4, 5, 6])
    })

    declare('append() into an empty slot is committed only in the first round of a log', async ({ ports }) => {
      const log = uniqueName('child')
      assert.equal(await ports.commits.append(log, commit(104, 'x', 100)), 'stale')
      assert.equal(await ports.commits.append(log, commit(100, 'x', 100)), 'committed')
      assert.equal(await ports.commits.append(log, commit(103, 'x', 100)), 'committed')
    })

    declare('of many appends of one version at the same time, exactly one is committed', async ({ ports }) => {
      const log = uniqueName('log')
      for (const version of [1, 2, 3, 4, 5, 6]) {
        const bodies = Array.from({ length: 8 }, (_, i) => `writer ${i} of ${version}`)
        const outcomes = await Promise.all(bodies.map(body => ports.commits.append(log, commit(version, body))))
        assert.equal(outcomes.filter(outcome => outcome === 'committed').length, 1)
        const held = (await ringOf(ports.commits, log)).at(-1)
        assert.deepEqual(held, commit(version, bodies[outcomes.indexOf('committed')]))
      }
    })

    declare('writers that race along a log leave every version once, without a gap', async ({ ports: { commits } }) => {
      const log = uniqueName('log')
      const winners = new Map<number, string[]>()
      const write = async (writer: number): Promise<void> => {
        for (;;) {
          const versions = (await commits.readRing(log)).map(({ version }) => version)
          const next = Math.max(0, ...versions) + 1
          if (next > 24) return
          const body = `writer ${writer} of ${next}`
          const outcome = await commits.append(log, commit(next, body))
          if (outcome === 'committed') winners.set(next, [...(winners.get(next) ?? []), body])
        }
      }
      await Promise.all([1, 2, 3, 4].map(write))
      assert.deepEqual(
        [...winners.values()].map(({ length }) => length),
        Array.from({ length: 24 }, () => 1),
      )
      const last = [21, 22, 23, 24].map(version => commit(version, winners.get(version)?.[0]))
      assert.deepEqual(await ringOf(commits, log), last)
    })

    declare('append() refuses a commit that no item can hold', async ({ ports }) => {
      const body = new Uint8Array(limits.itemBytes + 1)
      await assert.rejects(ports.commits.append('log', { ...commit(1), body }), {
        name: 'RangeError',
        message: 'Cannot store commit 1 to log "log": 409601 bytes, at most 409600 would be right',
      })
    })

    declare('a ring of commits of the greatest size is read whole', async ({ ports }) => {
      const log = uniqueName('log')
      const large = (version: number) => ({
        ...commit(version),
        body: new Uint8Array(limits.commitBodyBytes).fill(version),
      })
      const versions = [1, 2, 3, 4]
      for (const version of versions) assert.equal(await ports.commits.append(log, large(version)), 'committed')
      assert.deepEqual(await ringOf(ports.commits, log), versions.map(large))
    })

    declare('expire() takes nothing at once, never the version to keep, and can be repeated', async ({ ports }) => {
      const log = uniqueName('log')
      for (const version of [1, 2, 3]) await ports.commits.append(log, commit(version))
      await ports.commits.expire(log, 3)
      await ports.commits.expire(log, 3)
      await ports.commits.expire(uniqueName('none'), 1)
      assert.equal((await ringOf(ports.commits, log)).length, 3)
      assert.deepEqual((await ringOf(ports.commits, log)).at(-1), commit(3))
    })

    declare('writePage() replaces an older version, and answers what is there otherwise', async ({ ports }) => {
      const { commits } = ports
      const page = { stage: uniqueName('orders/side'), group: 3, slot: 1 } as const
      assert.deepEqual(await commits.writePage(page, part(5, 'old')), { kind: 'written' })
      assert.deepEqual(await commits.writePage(page, part(7, 'new')), { kind: 'written' })
      assert.deepEqual(plain(await commits.writePage(page, part(7, 'other'))), {
        kind: 'refused',
        held: part(7, 'new'),
      })
      assert.deepEqual(plain(await commits.writePage(page, part(6, 'late'))), { kind: 'refused', held: part(7, 'new') })
      await commits.writePage(page, part(7, 'second', 1))
      const parts = (await commits.readPage(page)).map(plain).sort((a, b) => a.part - b.part)
      assert.deepEqual(parts, [part(7, 'new'), part(7, 'second', 1)])
      assert.deepEqual(await commits.readPage({ ...page, slot: 0 }), [])
      assert.deepEqual(await commits.readPage({ ...page, group: 30 }), [])
    })

    declare('of pages written at the same time, the newest version stays', async ({ ports }) => {
      const page = { stage: uniqueName('orders/side'), group: 0, slot: 0 } as const
      const versions = [3, 9, 1, 7, 8, 2]
      await Promise.all(versions.map(version => ports.commits.writePage(page, part(version, `as of ${version}`))))
      assert.deepEqual((await ports.commits.readPage(page)).map(plain), [part(9, 'as of 9')])
    })

    declare('random schedules show what they show in memory', async ({ ports }) => {
      for (let seed = 1; seed <= 4; seed++) await compareWithMemory(ports.commits, new Random(seed), seed)
    })
  })
}

/** The same calls, one after the other, on the subject and on the memory cloud. */
async function compareWithMemory(commits: CommitLogPort, random: Random, seed: number): Promise<void> {
  const reference = memoryCloud(new ManualClock()).ports.commits
  const [log, stage] = [uniqueName('log'), uniqueName('pages/stage')]
  for (let step = 0; step < 40; step++) {
    const version = 1 + random.below(12)
    const slot = random.below(2) === 0 ? 0 : 1
    const page = { stage, group: random.below(2), slot } as const
    const call = random.pick<(port: CommitLogPort) => Promise<unknown>>([
      port => port.append(log, commit(version, `step ${step}`)),
      port => port.append(log, commit(version, `step ${step}`)),
      port => port.writePage(page, part(version, `step ${step}`, step % 2)),
      port => port.expire(log, version),
      port => ringOf(port, log),
      async port => (await port.readPage(page)).map(plain).sort((a, b) => a.part - b.part),
    ])
    assert.deepEqual(plain(await call(commits)), plain(await call(reference)), `seed ${seed}, step ${step}`)
  }
}

const ringOf = async (commits: CommitLogPort, log: string): Promise<readonly StoredCommit[]> =>
  (await commits.readRing(log)).map(plain).sort((a, b) => a.version - b.version)

/** Bytes of any class as plain ones. */
function plain<T>(value: T): T {
  return structuredClone(value)
}
