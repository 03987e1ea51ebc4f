import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { StoredRecord } from '../../local/cloud/storage.ts'
import { bytes, onEveryStorage } from './clouds.ts'

const record = (offset: number, size = 1): StoredRecord => ({
  offset,
  partitionKey: `key ${offset}`,
  explicitHashKey: offset % 2 === 0 ? 2n ** 127n + 1n : undefined,
  data: new Uint8Array(size).fill(offset),
  arrivalMs: 1_000 + offset,
})

const offsets = (records: readonly StoredRecord[]): number[] => records.map(({ offset }) => offset)

onEveryStorage('records', make => {
  test('a read returns what was appended, in order and unchanged', () => {
    const { records } = make()
    records.append(3, [record(1), record(2)])
    records.append(3, [record(5)])
    records.append(4, [record(3), record(4)])
    assert.deepEqual(records.read(3, 0, 10, 10), [record(1), record(2), record(5)])
    assert.deepEqual(offsets(records.read(3, 1, 10, 10)), [2, 5])
    assert.deepEqual(offsets(records.read(3, 3, 10, 10)), [5])
    assert.deepEqual(offsets(records.read(4, 4, 10, 10)), [])
    assert.deepEqual(offsets(records.read(9, 0, 10, 10)), [])
  })

  test('a read stops at its number of records and of bytes, but returns one at least', () => {
    const { records } = make()
    records.append(0, [record(1, 10), record(2, 10), record(3, 10)])
    assert.deepEqual(offsets(records.read(0, 0, 2, 100)), [1, 2])
    assert.deepEqual(offsets(records.read(0, 0, 10, 20)), [1, 2])
    assert.deepEqual(offsets(records.read(0, 0, 10, 19)), [1])
    assert.deepEqual(offsets(records.read(0, 1, 10, 0)), [2])
  })

  test('a record may be empty', () => {
    const { records } = make()
    records.append(0, [record(1, 0)])
    assert.deepEqual(records.read(0, 0, 10, 10), [record(1, 0)])
  })

  test('a trim forgets what is at or below an offset, of that shard alone', () => {
    const { records } = make()
    records.append(0, [record(1), record(3), record(5)])
    records.append(1, [record(2), record(4)])
    records.trim(0, 4)
    assert.deepEqual(offsets(records.read(0, 0, 10, 10)), [5])
    assert.deepEqual(offsets(records.read(1, 0, 10, 10)), [2, 4])
    assert.equal(records.last(0), 5)
    records.trim(0, 5)
    assert.equal(records.last(0), 0)
    assert.equal(records.last(7), 0)
    records.append(0, [record(6)])
    assert.deepEqual(offsets(records.read(0, 0, 10, 10)), [6])
  })

  test('appending, reading and trimming go on through many records', () => {
    const { records } = make()
    const count = 20_000
    for (let offset = 1; offset <= count; offset += 100) {
      records.append(
        0,
        Array.from({ length: 100 }, (_, i) => record(offset + i)),
      )
      const read = records.read(0, Math.max(0, offset - 51), 100, 1_000)
      assert.equal(read[0].offset, Math.max(1, offset - 50))
      if (offset > 100) records.trim(0, offset - 101)
    }
    assert.equal(records.read(0, 0, count, count).length, 200)
  })
})

onEveryStorage('items', make => {
  test('an item is found as it was put, the newest under its keys', () => {
    const { items } = make()
    items.put('p', 'a', { mark: '1', text: 'first' })
    items.put('p', 'a', { mark: '2', text: 'second', bytes: bytes('x'), expiresMs: 7 })
    items.put('p', 'b', { mark: '', text: '', bytes: new Uint8Array() })
    assert.deepEqual(items.get('p', 'a'), { mark: '2', text: 'second', bytes: bytes('x'), expiresMs: 7 })
    assert.deepEqual(items.get('p', 'b'), { mark: '', text: '', bytes: new Uint8Array() })
    assert.equal(items.get('p', 'c'), undefined)
    assert.equal(items.get('q', 'a'), undefined)
    items.delete('p', 'a')
    items.delete('p', 'a')
    assert.deepEqual(
      items.list('p').map(([sort]) => sort),
      ['b'],
    )
  })

  test('keys may hold any characters', () => {
    const { items } = make()
    const keys = ['', 'é', '\u0000', 'a\u0000b', "'", '%', '😀']
    for (const key of keys) items.put('p', key, { mark: key, text: key })
    assert.deepEqual(
      items
        .list('p')
        .map(([sort, { mark }]) => [sort, mark])
        .sort(),
      keys.map(key => [key, key]).sort(),
    )
  })

  test('partitions are listed by prefix, once each, while they hold an item', () => {
    const { items } = make()
    for (const name of ['views/b', 'views/a', 'view', 'views/a/c', 'viewt']) {
      items.put(name, 'x', { mark: '', text: '' })
      items.put(name, 'y', { mark: '', text: '' })
    }
    items.delete('views/b', 'x')
    assert.deepEqual(items.partitions('views/'), ['views/a', 'views/a/c', 'views/b'])
    items.delete('views/b', 'y')
    assert.deepEqual(items.partitions('views/'), ['views/a', 'views/a/c'])
  })

  test('a sweep deletes what has expired, but not what was put again since', () => {
    const { items } = make()
    items.put('p', 'a', { mark: '', text: '', expiresMs: 10 })
    items.put('p', 'b', { mark: '', text: '', expiresMs: 10 })
    items.put('p', 'c', { mark: '', text: '', expiresMs: 11 })
    items.put('p', 'd', { mark: '', text: '' })
    items.put('p', 'b', { mark: 'again', text: '' })
    items.sweep(9)
    assert.equal(items.list('p').length, 4)
    items.sweep(10)
    assert.deepEqual(
      items
        .list('p')
        .map(([sort]) => sort)
        .sort(),
      ['b', 'c', 'd'],
    )
    items.sweep(11)
    assert.deepEqual(
      items
        .list('p')
        .map(([sort]) => sort)
        .sort(),
      ['b', 'd'],
    )
  })
})

onEveryStorage('transactions', make => {
  test('a transaction that throws leaves nothing behind', () => {
    const storage = make()
    storage.records.append(0, [record(1), record(2)])
    storage.items.put('p', 'kept', { mark: '1', text: '' })
    storage.items.put('p', 'deleted', { mark: '1', text: '' })
    storage.items.put('p', 'expired', { mark: '1', text: '', expiresMs: 5 })
    const failing = () =>
      storage.transaction(() => {
        storage.records.append(0, [record(3)])
        storage.records.append(1, [record(4)])
        storage.records.trim(0, 1)
        storage.items.put('p', 'kept', { mark: '2', text: '' })
        storage.items.put('p', 'kept', { mark: '3', text: '' })
        storage.items.put('p', 'new', { mark: '1', text: '' })
        storage.items.delete('p', 'deleted')
        storage.items.sweep(5)
        assert.deepEqual(offsets(storage.records.read(0, 0, 10, 10)), [2, 3])
        assert.equal(storage.items.get('p', 'kept')?.mark, '3')
        throw new Error('changed my mind')
      })
    assert.throws(failing, /changed my mind/)
    assert.deepEqual(offsets(storage.records.read(0, 0, 10, 10)), [1, 2])
    assert.deepEqual(offsets(storage.records.read(1, 0, 10, 10)), [])
    assert.deepEqual(
      storage.items
        .list('p')
        .map(([sort, { mark }]) => sort + mark)
        .sort(),
      ['deleted1', 'expired1', 'kept1'],
    )
    storage.items.sweep(5)
    assert.equal(storage.items.get('p', 'expired'), undefined)
  })

  test('a transaction that returns keeps everything, and its result', () => {
    const storage = make()
    const result = storage.transaction(() => {
      storage.records.append(0, [record(1), record(2)])
      storage.records.trim(0, 1)
      return 'done'
    })
    assert.equal(result, 'done')
    assert.deepEqual(offsets(storage.records.read(0, 0, 10, 10)), [2])
  })

  test('a transaction inside another stands or falls with it', () => {
    const storage = make()
    assert.throws(() =>
      storage.transaction(() => {
        storage.transaction(() => storage.items.put('p', 'a', { mark: '', text: '' }))
        throw new Error('outer')
      }),
    )
    assert.equal(storage.items.get('p', 'a'), undefined)
    storage.transaction(() => storage.transaction(() => storage.items.put('p', 'a', { mark: '', text: '' })))
    assert.notEqual(storage.items.get('p', 'a'), undefined)
  })
})
