import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkers } from '../../local/simulator/checkers/index.ts'
import { type AskedKey, type AskedKeys, evaluate } from '../../local/simulator/oracle/index.ts'
import { Random } from '../../local/simulator/random.ts'
import { simulate } from '../../local/simulator/simulate.ts'
import { workloadOf } from '../../local/simulator/workload/workload.ts'
import { json, minutes, pipeline } from '../../shared/index.ts'

type Fact = { readonly id: number; readonly word: string }
type Marked = { readonly id: number; readonly mark: string }

const records = 60
const lines = Array.from({ length: records }, (_, id) => JSON.stringify({ id, word: `w${id % 7}` } satisfies Fact))

/** Whatever is asked is answered otherwise each time. */
function marking() {
  let answers = 0
  const fetchAll = async (keys: readonly string[]) => new Map(keys.map(key => [key, `${key} ${answers++ % 5}`]))
  return pipeline(
    'marking',
    ({ source }) => {
      const marked = source('facts', { codec: json<Fact>(), onError: 'deadLetter' }).lookup(
        'marks',
        {
          key: ({ word }) => word,
          fetchAll,
          keysPerCall: 2,
          cache: { most: 3, ttl: minutes(1) },
          orElse: () => 'none',
        },
        ({ id }, mark = ''): Marked => ({ id, mark }),
      )
      const perMark = marked.keyBy('mark').count('per-mark')
      return {
        perId: marked.keyBy('id').count('per-id'),
        perMark,
        out: marked.toStream('marked', json<Marked>()),
        again: perMark
          .lookup('again', { key: ({ key }) => key, fetchAll, orElse: () => 'none' }, ({ key, value }, mark) => ({
            key,
            value,
            mark,
          }))
          .forEach(() => {}),
      }
    },
    { keyGroups: 2 },
  )
}

test('whatever goes wrong, each record has one result although every answer is another', async () => {
  const faults = new Set<string>()
  for (let seed = 1; seed <= 14; seed++) {
    const workload = workloadOf(marking(), { facts: lines }, { random: new Random(seed), count: records })
    const { failures, seen, faults: suffered } = await simulate(workload, seed, { checkers, rebuild: marking })
    assert.deepEqual(failures, [], `seed ${seed}`)
    const results = seen.out as readonly Marked[]
    const perMark = new Map<string, number>()
    for (const { mark } of results) perMark.set(mark, (perMark.get(mark) ?? 0) + 1)
    const ids = results.map(({ id }) => id)
    assert.deepEqual(
      ids.toSorted(ascending),
      Array.from({ length: records }, (_, id) => id),
      `seed ${seed}`,
    )
    const once = (seen.perId as readonly { readonly key: number; readonly value: number }[]).map(({ value }) => value)
    assert.deepEqual(once, new Array(records).fill(1), `seed ${seed}`)
    const counted = seen.perMark as readonly { readonly key: string; readonly value: number }[]
    assert.deepEqual(
      new Map(counted.map(({ key, value }) => [key, value])),
      new Map([...perMark].toSorted()),
      `seed ${seed}`,
    )
    for (const { id } of suffered) if (/ Fetch/.test(id)) faults.add(id)
  }
  assert.ok(faults.size > 5, `${faults.size} faults at calls of lookups`)
})

const ascending = (a: number, b: number): number => a - b

const marksAndWords = () => {
  const program = pipeline('program', ({ source }) => {
    const facts = source('facts', { codec: json<Fact>() })
    const marked = facts.lookup('marks', { key: ({ word }) => word, fetch: async key => key }, ({ id }, mark = '') => ({
      id,
      mark,
    }))
    const others = source('others', { codec: json<Fact>() })
    return { marks: marked.keyBy('mark').count('marks-so-far'), words: others.keyBy('word').count('words') }
  })
  const record = (value: Fact) => ({
    data: Buffer.from(JSON.stringify(value)),
    partitionKey: '',
    shard: '0',
    arrivalMs: 0,
  })
  const events = [record({ id: 1, word: 'a' }), record({ id: 2, word: 'b' }), record({ id: 3, word: 'a' })]
  const input = { facts: { events, shards: 1 }, others: { events, shards: 1 } }
  return (asked?: AskedKeys) => evaluate(program.plan, input, { ...(asked && { asked }) }).outputs
}

test('the oracle expects nothing of what a lookup may have changed, and goes on with the rest', () => {
  const outputsWith = marksAndWords()
  const expectNothing = (asked: AskedKeys | undefined, reason: string): void => {
    const outputs = outputsWith(asked)
    assert.deepEqual(outputs.get('marks'), { kind: 'unchecked', reason })
    assert.deepEqual(outputs.get('words')?.kind, 'rows')
  }
  expectNothing(undefined, 'the answers of lookup "marks" in stage "facts" are no part of the input')
  const reason = 'lookup "marks" came to different things for key "a"'
  expectNothing(askedOf({ key: 'a', answers: ['x', 'y'], hasFailed: false }), reason)
  expectNothing(askedOf({ key: 'a', answers: ['x', 'x'], hasFailed: true }), reason)
})

test('the oracle goes by the answers of the run', () => {
  const rows = (asked: AskedKeys): unknown => {
    const marks = marksAndWords()(asked).get('marks')
    assert.equal(marks?.kind, 'rows')
    return marks.rows.map(row => JSON.stringify(row)).toSorted()
  }
  const a = { key: 'a', answers: ['x', 'x'], hasFailed: false }
  const none = { key: 'b', answers: [undefined], hasFailed: false }
  const failed = { key: 'b', answers: [], hasFailed: true }
  assert.deepEqual(rows(askedOf(a, none)), ['{"key":"","value":1}', '{"key":"x","value":2}'])
  assert.deepEqual(rows(askedOf(a, failed)), ['{"key":"x","value":2}'], 'its record is a dead letter')
  assert.deepEqual(rows(askedOf(a)), ['{"key":"x","value":2}'], 'a record about whose key nobody asked came to nothing')
})

const askedOf = (...keys: readonly AskedKey[]): AskedKeys =>
  new Map([['marks', new Map(keys.map(asked => [`s${asked.key}`, asked]))]])
