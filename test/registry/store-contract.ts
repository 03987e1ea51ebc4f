import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { RegistryStore } from '../../shared/ports/registry-store.ts'
import { SchemaRegistry } from '../../shared/registry/registry.ts'
import { record } from './registries.ts'

const key = (name: string) => ({ part: 'subjects' as const, name })
const avro = (text: string) => ({ type: 'AVRO' as const, text })

/**
 * What every store does. `pair` gives two of the same registry, each with its own connection: what one writes the other reads. Crashes come
 * after each `step`th call.
 */
export function testStore(name: string, pair: () => readonly [RegistryStore, RegistryStore], step: number): void {
  describe(`a store in ${name}`, () => {
    test('commits all of several documents or none', async () => {
      const [one, other] = pair()
      const writes = [
        { key: key('a'), expected: 0, text: '1' },
        { key: key('b'), expected: 0, text: '2' },
      ]
      assert.equal(await one.commit(writes), 'committed')
      assert.equal(await other.commit(writes), 'conflict')
      assert.deepEqual(await other.get(key('a')), { name: 'a', text: '1', version: 1 })
      const stale = [
        { key: key('a'), expected: 1, text: 'new' },
        { key: key('b'), expected: 2 },
      ]
      assert.equal(await other.commit(stale), 'conflict')
      assert.equal((await one.get(key('a')))?.text, '1')
      assert.equal(
        await other.commit([
          { key: key('a'), expected: 1, text: 'new' },
          { key: key('b'), expected: 1 },
        ]),
        'committed',
      )
      assert.deepEqual(await one.list('subjects'), [
        { name: 'a', text: 'new', version: 2 },
        { name: 'b', text: '2', version: 1 },
      ])
      assert.equal(await one.get(key('c')), undefined)
    })

    test('lists documents by the beginning of their names, in order', async () => {
      const [one, other] = pair()
      for (const each of ['b-1', 'a%', 'b-0', 'B']) await one.commit([{ key: key(each), expected: 0, text: '{}' }])
      assert.deepEqual(
        (await other.list('subjects')).map(document => document.name),
        ['B', 'a%', 'b-0', 'b-1'],
      )
      assert.deepEqual(
        (await other.list('subjects', 'b-')).map(document => document.name),
        ['b-0', 'b-1'],
      )
      assert.deepEqual(await other.list('schemas'), [])
    })

    test('counts so that no number is had twice', async () => {
      const [one, other] = pair()
      const numbers = await Promise.all(Array.from({ length: 20 }, (_, i) => (i % 2 ? one : other).increment('ids')))
      assert.deepEqual(
        numbers.toSorted((a, b) => a - b),
        Array.from({ length: 20 }, (_, i) => i + 1),
      )
      await one.raise('ids', 100)
      await one.raise('ids', 50)
      assert.equal(await other.increment('ids'), 101)
    })

    test('keeps long texts', async () => {
      const [one, other] = pair()
      const text = JSON.stringify({ text: 'schéma '.repeat(20_000) })
      await one.commit([{ key: key('long'), expected: 0, text }])
      assert.equal((await other.get(key('long')))?.text, text)
    })

    test('registrars of one schema get one id, those of different schemas different versions', async () => {
      const [one, other] = pair().map(store => new SchemaRegistry(store))
      const texts = Array.from({ length: 4 }, (_, i) => record('a', `f${i}?`))
      const rivals = [one, other].flatMap(registry => texts.map(text => ({ registry: registry!, text })))
      const uses = await Promise.all(rivals.map(({ registry, text }) => registry.register('s', avro(text))))
      assert.deepEqual(
        uses.slice(0, 4).map(use => use.id),
        uses.slice(4).map(use => use.id),
      )
      assert.equal(new Set(uses.map(use => use.id)).size, 4)
      assert.deepEqual(
        uses
          .slice(0, 4)
          .map(use => use.version)
          .toSorted(),
        [1, 2, 3, 4],
      )
      assert.deepEqual(await one!.versions('s'), [1, 2, 3, 4])
    })

    test('what is registered at the same time is checked against what is really latest', async () => {
      const [one, other] = pair().map(store => new SchemaRegistry(store))
      await one!.settings.set(undefined, { compatibility: 'FULL_TRANSITIVE' })
      await one!.register('s', avro(record('a')))
      // Each gets along with the first version, and none with another: one alone may become the second.
      const texts = ['int', 'string', 'boolean', 'bytes'].map(type =>
        JSON.stringify({
          type: 'record',
          name: 'R',
          fields: [
            { name: 'a', type: 'int' },
            { name: 'b', type: [type, 'null'], default: type === 'int' ? 1 : type === 'boolean' ? true : 'x' },
          ],
        }),
      )
      const rivals = [one!, other!].flatMap(registry =>
        texts.slice(0, 3).map(text => registry.register('s', avro(text))),
      )
      const outcomes = await Promise.allSettled(rivals)
      const ids = new Set(outcomes.flatMap(outcome => (outcome.status === 'fulfilled' ? [outcome.value.id] : [])))
      assert.equal(ids.size, 1)
      assert.deepEqual(await other!.versions('s'), [1, 2])
    })

    test('a crash at any call leaves a registry that goes on', async () => {
      for (let last = 1; last <= 40; last += step) {
        const [one, other] = pair()
        const registry = new SchemaRegistry(other)
        await new SchemaRegistry(one).register('base', avro(record('z')))
        const references = [{ name: 'R', subject: 'base', version: 1 }]
        const given = { ...avro('{"type":"record","name":"S","fields":[{"name":"r","type":"R"}]}'), references }
        const crashing = new SchemaRegistry(dyingAfter(one, last))
        const died = await crashing.register('s', given).then(
          () => false,
          () => true,
        )
        const use = await registry.register('s', given)
        assert.deepEqual(await registry.register('s', given), use)
        assert.deepEqual(await registry.versions('s'), [1])
        assert.deepEqual(await registry.referencedBy('base', 1), [use.id])
        assert.deepEqual(await registry.uses(use.id), [{ subject: 's', version: 1 }])
        if (!died) return
      }
      assert.fail('expected registration to end within 40 calls')
    })
  })
}

/** Each call after the last one fails; the last one takes effect, and nobody hears of it. */
function dyingAfter(store: RegistryStore, last: number): RegistryStore {
  let calls = 0
  async function call<T>(work: () => Promise<T>): Promise<T> {
    calls++
    if (calls > last) throw new Error('crashed')
    const answer = await work()
    if (calls === last) throw new Error('crashed')
    return answer
  }
  return {
    get: each => call(() => store.get(each)),
    list: (part, prefix) => call(() => store.list(part, prefix)),
    commit: writes => call(() => store.commit(writes)),
    increment: counter => call(() => store.increment(counter)),
    raise: (counter, least) => call(() => store.raise(counter, least)),
  }
}
