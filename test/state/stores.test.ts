import assert from 'node:assert/strict'
import { test } from 'node:test'
import { packValue, unpackValue } from '../../shared/codecs/values.ts'
import { encodePage } from '../../shared/commit/paging.ts'
import { EntryStore, entryId, placeOf } from '../../shared/state/entry-store.ts'
import { KeyedStore } from '../../shared/state/keyed-store.ts'
import { MapStore } from '../../shared/state/map-store.ts'
import type { Store, StoreDelta } from '../../shared/state/store.ts'
import { Random } from '../codecs/random.ts'

type Changes = { change(random: Random, value: number): void; naive(): Map<string, unknown> }

function keyed(): { store: Store } & Changes {
  const store = new KeyedStore<{ n: number }>('k')
  const naive = new Map<string, unknown>()
  const change = (random: Random, n: number) => {
    const [group, id] = [random.below(2), `k${random.below(6)}`]
    const cell = store.get(group, id)
    const name = `${group} ${id} 0`
    const dice = random.below(3)
    if (dice === 0 && cell !== undefined) {
      store.delete(cell)
      naive.delete(name)
    } else if (dice === 1 && cell !== undefined) {
      cell.value.n = n
      store.touch(cell)
      naive.set(name, { n })
    } else {
      store.put(group, id, { n })
      naive.set(name, { n })
    }
  }
  return { store, change, naive: () => naive }
}

function mapped(): { store: Store } & Changes {
  const store = new MapStore<number[]>('m')
  const naive = new Map<string, unknown>()
  const change = (random: Random, n: number) => {
    const [group, id, sub] = [random.below(2), `k${random.below(3)}`, random.between(-3, 3)]
    const owner = store.find(group, id)
    const cell = owner && store.get(owner, sub)
    const name = `${group} ${id} ${sub}`
    const dice = random.below(3)
    if (cell === undefined) {
      store.put(store.owner(group, id), sub, [n])
      naive.set(name, [n])
    } else if (dice === 0) {
      store.delete(cell)
      naive.delete(name)
    } else {
      cell.value = [n, ...cell.value].slice(0, 3)
      store.touch(cell)
      naive.set(name, cell.value)
    }
  }
  return { store, change, naive: () => naive }
}

function named(): { store: Store } & Changes {
  const store = new EntryStore<{ n: number }>('e')
  const naive = new Map<string, unknown>()
  const change = (random: Random, n: number) => {
    const [group, id, sub] = [random.below(2), random.pick(['k', 'k1', '1:k', '']), random.pick(['', '1', '11', 'k'])]
    const cell = store.get(group, id, sub)
    const name = `${group} ${entryId(id, sub)} 0`
    if (cell !== undefined && random.below(3) === 0) {
      store.delete(cell)
      naive.delete(name)
    } else if (cell !== undefined && random.below(2) === 0) {
      cell.value.n = n
      store.touch(cell)
      naive.set(name, { n })
    } else {
      store.put(group, id, sub, { n })
      naive.set(name, { n })
    }
  }
  return { store, change, naive: () => naive }
}

function contents(store: Store): Map<string, unknown> {
  const found = new Map<string, unknown>()
  for (const group of [0, 1]) {
    const entries = store.entries(group)
    entries?.ids.forEach((id, i) => {
      found.set(`${group} ${id} ${entries.subs?.[i] ?? 0}`, entries.values[i])
    })
  }
  return found
}

function apply(store: Store, { groups, ids, subs, values }: StoreDelta): void {
  for (let i = 0; i < ids.length; i++) store.restore(groups[i], ids[i], subs?.[i] ?? 0, values[i])
}

for (const [name, make] of Object.entries({ 'a keyed store': keyed, 'a map store': mapped, 'an entry store': named })) {
  const fresh = () => make().store
  test(`${name} is what its deltas make of an empty one, byte for byte, wherever commits are cut`, () => {
    for (let seed = 1; seed <= 300; seed++) {
      const random = new Random(seed)
      const { store, change, naive } = make()
      const deltas: StoreDelta[] = []
      for (let i = 0; i < 60; i++) {
        change(random, i)
        if (random.below(6) > 0) continue
        const before = store.dirtyCount
        const delta = store.takeDelta()
        assert.equal(delta?.ids.length ?? 0, before)
        if (delta !== undefined) deltas.push(unpackValue(packValue(delta)) as StoreDelta)
        assert.equal(store.takeDelta(), undefined)
        const again = fresh()
        for (const each of deltas) apply(again, each)
        assert.equal(again.dirtyCount, 0, 'a load makes nothing dirty')
        assert.deepEqual(contents(again), naive())
        for (const group of [0, 1]) assert.ok(encodePage([again], group).equals(encodePage([store], group)))
      }
      assert.deepEqual(contents(store), naive())
    }
  })
}

test('the entries of a page are sorted, whatever order they came in', () => {
  for (let seed = 1; seed <= 50; seed++) {
    const random = new Random(seed)
    const { store, change } = mapped()
    for (let i = 0; i < 40; i++) change(random, i)
    const names = [...contents(store).keys()].filter(name => name.startsWith('0'))
    const sorted = [...names].sort((a, b) => {
      const [[, x, m], [, y, n]] = [a.split(' '), b.split(' ')]
      return x < y ? -1 : x > y ? 1 : Number(m) - Number(n)
    })
    assert.deepEqual(names, sorted)
  }
})

test('the greatest name of a key is that of what it holds, live and restored', () => {
  const [live, restored] = [new EntryStore<number>('e'), new EntryStore<number>('e')]
  for (const sub of ['1', '3', '2']) live.put(0, 'k', sub, 1)
  assert.equal(live.last(0, 'k'), '3')
  const last = live.get(0, 'k', '3')
  if (last !== undefined) live.delete(last)
  apply(restored, live.takeDelta() ?? { store: 'e', groups: [], ids: [], values: [] })
  for (const store of [live, restored]) assert.equal(store.last(0, 'k'), '2')
})

test('an entry is named by its key and its name, whatever they hold', () => {
  for (const id of ['', 's', '3:abc', ':']) {
    for (const sub of ['', '0', ':', '2:x']) assert.deepEqual(placeOf(entryId(id, sub)), { id, sub })
  }
})

test('the order of stores does not change a page’s bytes', () => {
  const [a, b] = [new KeyedStore<number>('a'), new KeyedStore<number>('b')]
  a.put(0, 'x', 1)
  b.put(0, 'y', 2)
  assert.ok(encodePage([a, b], 0).equals(encodePage([b, a], 0)))
})
