import assert from 'node:assert/strict'
import { test } from 'node:test'
import { endOfTime } from '../../shared/model/event-time.ts'
import { Random } from '../codecs/random.ts'
import { underHarness } from './processing.ts'

type Sale = { readonly at: number; readonly currency: string }
type Rate = { readonly currency: string; readonly rate: number }

const byKey = (type: 'inner' | 'left' = 'inner') =>
  underHarness<Sale, Rate>((keyed, rates) =>
    keyed.joinBroadcast(
      'j',
      rates,
      { rowKey: rate => rate.currency, key: sale => sale.currency },
      (sale, rate) => `${sale.at} ${rate?.rate}`,
      { type },
    ),
  )

test('a record waits for the watermark, and meets the version of its own time', () => {
  const { harness, take, broadcast } = byKey()
  broadcast({ currency: 'EUR', rate: 1 }, 10)
  harness.process('a', { at: 25, currency: 'EUR' }, 25)
  harness.process('a', { at: 5, currency: 'EUR' }, 5)
  harness.process('b', { at: 30, currency: 'EUR' }, 30)
  harness.process('b', { at: 12, currency: 'USD' }, 12)
  broadcast({ currency: 'EUR', rate: 3 }, 30)
  assert.deepEqual(take(), [])
  harness.commit()
  harness.restart()
  harness.advance(24)
  assert.deepEqual(take(), [])
  broadcast({ currency: 'EUR', rate: 2 }, 25)
  harness.advance(endOfTime)
  assert.deepEqual(take(), [
    { value: '25 2', time: 25 },
    { value: '30 3', time: 30 },
  ])
  assert.equal(harness.isEmpty, true)
})

test('a version that is a millisecond younger than a record is not met', () => {
  const { harness, values, broadcast } = byKey()
  for (const time of [10, 20, 21]) broadcast({ currency: 'EUR', rate: time }, time)
  harness.process('a', { at: 20, currency: 'EUR' }, 20)
  harness.advance(30)
  assert.deepEqual(values(), ['20 20'])
})

test('a left join lets records through that meet nothing; a late one meets what is there', () => {
  const { harness, values, broadcast } = byKey('left')
  harness.process('a', { at: 5, currency: 'EUR' }, 5)
  broadcast({ currency: 'EUR', rate: 1 }, 10)
  harness.advance(20)
  assert.deepEqual(values(), ['5 undefined'])
  harness.process('a', { at: 15, currency: 'EUR' }, 15)
  assert.deepEqual(values(), ['15 1'])
  assert.deepEqual(harness.tallies, { late: 1, expired: 0 })
})

test('older versions of a row go when the watermark has passed a newer one', () => {
  const { harness, broadcast } = byKey()
  const versions = (): number =>
    harness.operator.stores[0].entries(0)?.values.reduce((sum: number, each) => sum + (each as unknown[]).length, 0) ??
    0
  for (const time of [10, 20, 30]) broadcast({ currency: 'EUR', rate: time }, time)
  assert.equal(versions(), 3)
  harness.advance(19)
  assert.equal(versions(), 3)
  harness.advance(20)
  assert.equal(versions(), 2)
  harness.commit()
  harness.restart()
  harness.advance(100)
  assert.equal(versions(), 1)
  broadcast({ currency: 'EUR', rate: 15 }, 15)
  assert.equal(versions(), 1)
})

test('a predicate meets all rows for which it holds, in the order of their keys', () => {
  const { harness, values, broadcast } = underHarness<number, { id: number; least: number }>((keyed, bands) =>
    keyed.joinBroadcast(
      'j',
      bands,
      { rowKey: band => band.id, where: (amount, band) => amount >= band.least },
      (amount, band) => `${amount} in ${band.id}`,
    ),
  )
  for (const [id, least] of [
    [10, 50],
    [9, 5],
    [1, 100],
  ])
    broadcast({ id, least }, 1)
  harness.process('a', 60, 2)
  harness.advance(endOfTime)
  assert.deepEqual(values(), ['60 in 9', '60 in 10'])
})

test('the result depends on event times alone, in whatever order both inputs come', () => {
  for (let seed = 1; seed <= 40; seed++) {
    const random = new Random(seed)
    const rates = Array.from({ length: 12 }, (_, i) => ({
      time: i * 10 + random.below(10),
      currency: random.pick(['A', 'B']),
      rate: i,
    }))
    const sales = Array.from({ length: 20 }, (_, i) => ({
      at: random.below(140),
      id: i,
      currency: random.pick(['A', 'B', 'C']),
    }))
    const expected = sales
      .toSorted((a, b) => a.at - b.at || a.id - b.id)
      .map(sale => {
        const known = rates.filter(rate => rate.currency === sale.currency && rate.time <= sale.at)
        return `${sale.id} ${known.toSorted((a, b) => a.time - b.time).at(-1)?.rate}`
      })
    const { harness, values, broadcast } = underHarness<(typeof sales)[number], (typeof rates)[number]>((keyed, all) =>
      keyed.joinBroadcast(
        'j',
        all,
        { rowKey: rate => rate.currency, key: sale => sale.currency },
        (sale, rate) => `${sale.id} ${rate?.rate}`,
        { type: 'left' },
      ),
    )
    const arrivals = [
      ...rates.map(rate => ({ time: rate.time + random.below(20), go: () => broadcast(rate, rate.time) })),
      ...sales.map(sale => ({
        time: sale.at + random.below(20),
        go: () => harness.process(`k${sale.id}`, sale, sale.at),
      })),
    ].sort((a, b) => a.time - b.time)
    for (const { time, go } of arrivals) {
      harness.advance(time - 20)
      go()
      if (random.below(3) > 0) continue
      harness.commit()
      if (random.below(2) === 0) harness.restart()
    }
    harness.advance(endOfTime)
    const sorted = (lines: readonly unknown[]) => [...lines].sort()
    assert.deepEqual(sorted(values()), sorted(expected), `seed ${seed}`)
    assert.equal(harness.tallies.late, 0)
    assert.equal(harness.isEmpty, true)
  }
})
