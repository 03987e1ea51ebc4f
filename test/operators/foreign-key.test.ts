import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Key, keyId } from '../../shared/model/key.ts'
import { subscriptionsSide } from '../../shared/operators/tables/foreign-key.ts'
import { foreignKeyAnswersDefinition } from '../../shared/operators/tables/foreign-key-answers.ts'
import { foreignKeyJoinDefinition } from '../../shared/operators/tables/foreign-key-joined.ts'
import { foreignKeyLeftDefinition } from '../../shared/operators/tables/foreign-key-left.ts'
import { foreignKeyRightDefinition } from '../../shared/operators/tables/foreign-key-right.ts'
import { Random } from '../codecs/random.ts'
import { commit, end, type Playing, playing, rowsOf, seeds } from './table-play.ts'

type Left = { readonly on: string | null; readonly n: number }

/** A way between two operators: of one key what is sent comes in order, between keys in any. */
class Way {
  readonly #queues = new Map<string, { readonly key: Key; readonly value: unknown }[]>()
  readonly #to: Playing
  readonly #input: number

  constructor(to: Playing, input: number) {
    this.#to = to
    this.#input = input
  }

  /** `from` is the producer: the key group in which the sender has the sending key. */
  send(from: string, key: Key, value: unknown): void {
    const lane = `${from} ${keyId(key)}`
    this.#queues.set(lane, [...(this.#queues.get(lane) ?? []), { key, value }])
  }

  get isEmpty(): boolean {
    return this.#queues.size === 0
  }

  deliver(random: Random): void {
    const lanes = [...this.#queues.keys()]
    if (lanes.length === 0) return
    const lane = random.pick(lanes)
    const queue = this.#queues.get(lane) ?? []
    const [{ key, value }] = queue
    if (queue.length === 1) this.#queues.delete(lane)
    else queue.shift()
    this.#to.harness.process(key, value, 1, this.#input)
  }
}

/** The three stages of a foreign-key join, with ways between them on which messages wait at random. */
function network(type: 'inner' | 'left') {
  const left = playing(foreignKeyLeftDefinition({ kind: 'foreignKeyLeft', on: (value: Left) => value.on ?? undefined }))
  const right = playing(foreignKeyRightDefinition())
  const answers = playing(foreignKeyAnswersDefinition())
  const combine = (value: Left, row: unknown) => `${value.on} ${value.n} ${row}`
  const joined = playing(foreignKeyJoinDefinition({ kind: 'foreignKeyJoin', type, combine }))
  const subscriptions = new Way(answers, 0)
  const rows = new Way(answers, 1)
  const lefts = new Way(joined, 0)
  const replies = new Way(joined, 1)
  const taken = new Map<unknown, number>()
  /** Forwards what was put out since the last time. */
  const forward = (
    from: Playing,
    list: readonly { readonly value: unknown }[] | undefined,
    way: Way,
    keyOf: string,
  ) => {
    const out = list ?? []
    for (const { value } of out.slice(taken.get(out) ?? 0)) {
      const message = value as Record<string, Key>
      // Of the answers the producer is the key that was asked about: a lane for each subscription is more than enough disorder.
      const lane = from === answers ? String(message.number) : 'all'
      way.send(lane, message[keyOf], value)
    }
    taken.set(out, out.length)
  }
  const pump = () => {
    forward(left, left.out, lefts, 'left')
    forward(left, left.sides.get(subscriptionsSide), subscriptions, 'on')
    forward(right, right.out, rows, 'key')
    forward(answers, answers.out, replies, 'left')
  }
  const ways = [subscriptions, rows, lefts, replies]
  return { left, right, answers, joined, ways, pump, all: [left, right, answers, joined] }
}

type Network = ReturnType<typeof network>

function settle({ ways, pump, answers }: Network, random: Random): void {
  for (pump(); ways.some(way => !way.isEmpty); pump()) {
    random.pick(ways.filter(way => !way.isEmpty)).deliver(random)
    answers.harness.arrive(1)
  }
}

const leftKeys = ['1', '2', '3', '4']
const rightKeys = ['x', 'y', 'z']

for (const type of ['inner', 'left'] as const) {
  test(`a foreign-key join (${type}) comes to the join of both tables, whatever is overtaken on the way`, () => {
    for (const seed of seeds) {
      const random = new Random(seed)
      const net = network(type)
      const lefts = new Map<string, Left>()
      const rights = new Map<string, number>()
      const check = () => {
        const expected = leftKeys.flatMap(key => {
          const value = lefts.get(key)
          if (value === undefined) return []
          const row = value.on === null ? undefined : rights.get(value.on)
          return row === undefined && type === 'inner'
            ? []
            : [[key, { key, value: `${value.on} ${value.n} ${row}` }] as const]
        })
        assert.deepEqual(rowsOf(net.joined.out), new Map(expected), `seed ${seed}`)
      }
      for (let i = 0; i < 150; i++) {
        const step = random.below(10)
        if (step < 4) {
          const key = random.pick(leftKeys)
          const on = random.below(5) === 0 ? null : random.pick(rightKeys)
          if (random.below(4) === 0) lefts.delete(key)
          else lefts.set(key, { on, n: random.below(3) })
          const value = lefts.get(key)
          net.left.harness.process(key, value && { key, value }, 1)
        } else if (step < 6) {
          const key = random.pick(rightKeys)
          if (random.below(3) === 0) rights.delete(key)
          else rights.set(key, i)
          net.right.harness.process(key, rights.has(key) ? { key, value: i } : undefined, 1)
        } else {
          net.pump()
          random.pick(net.ways).deliver(random)
          net.answers.harness.arrive(1)
        }
        if (random.below(8) === 0) commit(random.pick(net.all), random)
        if (random.below(40) === 0) {
          settle(net, random)
          check()
        }
      }
      settle(net, random)
      check()
      for (const key of leftKeys) net.left.harness.process(key, undefined, 1)
      settle(net, random)
      for (const { harness } of [net.joined, net.answers]) harness.commit()
      assert.equal(rowsOf(net.joined.out).size, 0)
      assert.ok(net.joined.harness.isEmpty, `seed ${seed}: nothing is kept of left rows that are gone`)
      assert.equal(net.answers.harness.operator.stores[1].entries(0), undefined, 'nor of what they had asked')
      for (const each of net.all) end(each, random)
      for (const { harness } of net.all) assert.ok(harness.isEmpty)
    }
  })
}

test('a right row that many left rows name is told to some of them at a time, before the watermark moves on', () => {
  const random = new Random(1)
  const { answers, ways, right, left, pump, joined } = network('inner')
  const count = 1_000
  right.harness.process('x', { key: 'x', value: 'old' }, 1)
  for (let i = 0; i < count; i++) left.harness.process(`${i}`, { key: `${i}`, value: { on: 'x', n: i } }, 1)
  settle({ answers, ways, pump } as Network, random)
  const before = answers.out.length
  right.harness.process('x', { key: 'x', value: 'new' }, 7)
  pump()
  ways[1].deliver(random)
  assert.equal(answers.out.length, before, 'nothing in the message itself')
  answers.harness.commit()
  answers.harness.restart()
  let most = 0
  let last = before
  answers.harness.advance(
    5,
    () => {
      most = Math.max(most, answers.out.length - last)
      last = answers.out.length
      return true
    },
    () => answers.harness.restart(),
  )
  assert.equal(answers.out.length - before, count)
  assert.ok(most <= 100, `${most} at once`)
  for (const { watermark } of answers.out.slice(before)) assert.ok(watermark < 5)
  settle({ answers, ways, pump } as Network, random)
  const rows = [...rowsOf(joined.out).values()] as { readonly value: string }[]
  assert.equal(rows.filter(({ value }) => value.endsWith('new')).length, count)
})
