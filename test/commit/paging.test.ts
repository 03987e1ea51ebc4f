import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { PageRef } from '../../shared/commit/commit-body.ts'
import { decodePage, encodePage, readPage, writePage } from '../../shared/commit/paging.ts'
import { limits } from '../../shared/model/limits.ts'
import type { CommitLogPort, PageName, StoredPage } from '../../shared/ports/commit-log.ts'
import { KeyedStore } from '../../shared/state/keyed-store.ts'
import { Random } from '../codecs/random.ts'

const place = { stage: 'p/s', group: 3 }

/** The port's promise about pages, in a map. */
class Pages implements Pick<CommitLogPort, 'writePage' | 'readPage'> {
  readonly parts = new Map<string, StoredPage>()
  /** Writes until the writer dies. */
  left = Number.POSITIVE_INFINITY

  async writePage({ stage, group, slot }: PageName, part: StoredPage) {
    if (this.left-- <= 0) throw new Error('died')
    const name = `${stage}/${group}/${slot}/${part.part}`
    const held = this.parts.get(name)
    if (held !== undefined && held.version >= part.version) return { kind: 'refused' as const, held }
    this.parts.set(name, part)
    return { kind: 'written' as const }
  }

  async readPage({ stage, group, slot }: PageName) {
    return [...this.parts].filter(([name]) => name.startsWith(`${stage}/${group}/${slot}/`)).map(([, part]) => part)
  }

  get port(): CommitLogPort {
    const unused = () => Promise.reject(new Error('not for pages'))
    return {
      append: unused,
      readRing: unused,
      expire: unused,
      writePage: (n, p) => this.writePage(n, p),
      readPage: n => this.readPage(n),
    }
  }
}

/** State whose page takes about this many parts. */
function pageOf(seed: number, parts: number): Buffer {
  const random = new Random(seed)
  const store = new KeyedStore<Uint8Array>('k')
  for (let i = 0; i < parts * 2 - 1; i++)
    store.put(place.group, `k${i}`, new Uint8Array(random.bytes(limits.pagePartBytes / 2)))
  return encodePage([store], place.group)
}

const small = (seed: number): Buffer => {
  const store = new KeyedStore<number>('k')
  store.put(place.group, `k${seed}`, seed)
  return encodePage([store], place.group)
}

async function written(pages: Pages, before: PageRef | undefined, version: number, bytes: Buffer): Promise<PageRef> {
  const outcome = await writePage(pages.port, place, before, version, bytes)
  assert.equal(outcome.kind, 'written')
  return outcome.kind === 'written' ? outcome.page : assert.fail()
}

test('a page of several parts is read as it was written, and each part fits an item', async () => {
  const pages = new Pages()
  const bytes = pageOf(1, 3)
  const page = await written(pages, undefined, 7, bytes)
  assert.equal(pages.parts.size, 3)
  for (const part of pages.parts.values()) assert.ok(part.bytes.length <= limits.pagePartBytes)
  assert.deepEqual((await readPage(pages.port, place, page))?.entries, decodePage(bytes))
})

test('pages go to the two slots by turns, so that the one that is named stays', async () => {
  const pages = new Pages()
  const first = await written(pages, undefined, 1, small(1))
  const second = await written(pages, first, 2, small(2))
  assert.notEqual(second.slot, first.slot)
  assert.deepEqual((await readPage(pages.port, place, first))?.entries, decodePage(small(1)))
  const third = await written(pages, second, 3, small(3))
  assert.equal(third.slot, first.slot)
  assert.equal(await readPage(pages.port, place, first), undefined, 'a reader of the page that was there is stale')
})

test('parts that are left of an older, larger page are not read', async () => {
  const pages = new Pages()
  const first = await written(pages, undefined, 1, pageOf(1, 3))
  const second = await written(pages, first, 2, small(2))
  const third = await written(pages, second, 3, small(3))
  assert.equal(pages.parts.size, 4)
  assert.deepEqual((await readPage(pages.port, place, third))?.entries, decodePage(small(3)))
})

test('the same version with the same bytes is success, with other bytes it differs', async () => {
  const pages = new Pages()
  const bytes = pageOf(4, 2)
  await written(pages, undefined, 5, bytes)
  await written(pages, undefined, 5, bytes)
  assert.deepEqual(await writePage(pages.port, place, undefined, 5, small(1)), { kind: 'differs' })
  assert.deepEqual(await writePage(pages.port, place, undefined, 5, pageOf(4, 3)), { kind: 'differs' })
})

test('a writer that is behind is stale and changes nothing', async () => {
  const pages = new Pages()
  const page = await written(pages, undefined, 9, small(9))
  assert.deepEqual(await writePage(pages.port, place, undefined, 8, small(8)), { kind: 'stale' })
  assert.deepEqual((await readPage(pages.port, place, page))?.entries, decodePage(small(9)))
})

test('a page half of which was written is no page until the next writer completes it', async () => {
  for (const writes of [0, 1, 2]) {
    const pages = new Pages()
    const bytes = pageOf(1, 3)
    pages.left = writes
    await assert.rejects(writePage(pages.port, place, undefined, 5, bytes))
    pages.left = Number.POSITIVE_INFINITY
    assert.equal(await readPage(pages.port, place, { version: 5, slot: 0 }), undefined)
    const page = await written(pages, undefined, 5, bytes)
    assert.deepEqual((await readPage(pages.port, place, page))?.entries, decodePage(bytes))
  }
})

test('a page over the half-written one of an older version reads whole', async () => {
  const pages = new Pages()
  pages.left = 2
  await assert.rejects(writePage(pages.port, place, undefined, 5, pageOf(1, 3)))
  pages.left = Number.POSITIVE_INFINITY
  const page = await written(pages, undefined, 6, small(6))
  assert.deepEqual((await readPage(pages.port, place, page))?.entries, decodePage(small(6)))
})

test('page bytes are a pure function of the state, whatever was packed before', () => {
  const before = pageOf(8, 1)
  for (let i = 0; i < 300; i++) {
    const store = new KeyedStore<unknown>('other')
    store.put(0, 'k', { [`p${i}`]: i, list: [{ [`q${i % 40}`]: i }] })
    encodePage([store], 0)
  }
  assert.ok(pageOf(8, 1).equals(before))
})
