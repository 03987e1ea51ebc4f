import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Key, keyGroupOf, keyId, keyOf } from '../../shared/model/key.ts'
import { compareKeys } from '../../shared/model/key-order.ts'
import { Random } from '../codecs/random.ts'

const texts = ['', 'a', 'b', '1', 'n1', 'true', 'null', '0', '"', '\\', '\u0000', 'é', '😀', '__proto__', '/', '[]']

// V8 14 takes the property name "\\" for "\"" where objects of both shapes were parsed: not ours to test.
const names = texts.filter(text => text !== '\\')

function keyFrom(random: Random, depth = 2): Key {
  switch (random.below(depth > 0 ? 8 : 6)) {
    case 0:
      return random.pick(texts)
    case 1:
      return random.pick([0, 1, -1, 1.5, 1e21, 1e-7, 2 ** 53, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])
    case 2:
      return random.pick([true, false])
    case 3:
      return random.pick([0n, 1n, -1n, 2n ** 70n])
    case 4:
      return null
    case 5:
      return random.textOf(texts, 3)
    case 6:
      return Array.from({ length: random.below(3) }, () => keyFrom(random, depth - 1))
    default:
      return Object.fromEntries(
        Array.from({ length: random.below(3) }, () => [random.pick(names), keyFrom(random, depth - 1)]),
      )
  }
}

test('keyOf() gives back the key of which keyId() made a text', () => {
  for (let seed = 1; seed <= 3_000; seed++) {
    const key = keyFrom(new Random(seed))
    assert.deepEqual(keyOf(keyId(key)), key)
    assert.equal(keyId(keyOf(keyId(key))), keyId(key))
  }
})

test('keys have one text exactly when they are equal', () => {
  const random = new Random(1)
  const keys = Array.from({ length: 120 }, () => keyFrom(random))
  const isEqual = (a: Key, b: Key): boolean => {
    try {
      assert.deepStrictEqual(a, b)
      return true
    } catch {
      return false
    }
  }
  for (const a of keys) for (const b of keys) assert.equal(keyId(a) === keyId(b), isEqual(a, b))
})

test('the order of an object’s properties does not matter to its key', () => {
  assert.equal(keyId({ a: 1, b: { c: 'x', d: 2n } }), keyId({ b: { d: 2n, c: 'x' }, a: 1 }))
})

test('0 and -0 are one key', () => {
  assert.equal(keyId(-0), keyId(0))
  assert.equal(keyId([-0]), keyId([0]))
})

test('half a surrogate pair, which UTF-8 cannot carry, is the replacement character from the beginning', () => {
  assert.equal(keyId('a\ud800'), keyId('a\ufffd'))
  assert.equal(keyId(['\udc00']), keyId(['\ufffd']))
  assert.equal(Buffer.from(keyId('\ud83d')).toString(), keyId('\ud83d'))
})

test('what is no key is refused with a sentence', () => {
  for (const bad of [undefined, Symbol('s'), () => 1]) {
    assert.throws(() => keyId(bad as unknown as Key), { name: 'ConfigurationError', message: /^Cannot use a key: / })
  }
})

test('key groups are within range, and about even', () => {
  for (const groups of [1, 2, 32, 1_000]) {
    const counts = new Array<number>(groups).fill(0)
    for (let i = 0; i < 20_000; i++) counts[keyGroupOf(keyId(`client-${i}`), groups)]++
    const mean = 20_000 / groups
    assert.ok(Math.max(...counts) < mean + 6 * Math.sqrt(mean), `${groups} groups`)
    assert.ok(Math.min(...counts) > mean - 6 * Math.sqrt(mean), `${groups} groups`)
  }
})

test('a key stays in its group from version to version', () => {
  // State is stored by these numbers: a change of them orphans it.
  const keys: Key[] = ['B', 'S', '', 'é', 0, 42, -1.5, true, null, 7n, ['a', 1], { x: 'y' }]
  assert.deepEqual(
    keys.map(key => keyGroupOf(keyId(key), 32)),
    [0, 8, 26, 31, 4, 9, 7, 25, 1, 2, 16, 11],
  )
})

test('compareKeys() is a total order: 0 only for equal keys, antisymmetric and transitive', () => {
  const random = new Random(7)
  const keys: Key[] = [...Array.from({ length: 60 }, () => keyFrom(random)), Number.NaN, 1, 1n, 2n, 2]
  for (const a of keys) {
    for (const b of keys) {
      assert.equal(Math.sign(compareKeys(a, b)), -Math.sign(compareKeys(b, a)) + 0)
      assert.equal(compareKeys(a, b) === 0, keyId(a) === keyId(b))
      for (const c of keys) {
        if (compareKeys(a, b) < 0 && compareKeys(b, c) < 0) assert.ok(compareKeys(a, c) < 0)
      }
    }
  }
})
