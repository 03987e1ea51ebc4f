import assert from 'node:assert/strict'
import { test } from 'node:test'
import { drive } from 'millrace/testing'
import {
  collect,
  count,
  countDistinct,
  cumulating,
  daily,
  every,
  first,
  globalWindow,
  json,
  max,
  panes,
  pipeline,
  seconds,
  session,
  tumbling,
} from '../../shared/index.ts'

type Bid = { readonly at: number; readonly price: number; readonly channel: string }

const together = {
  n: count(),
  first: first((bid: Bid) => bid.price),
  two: collect<Bid>({ limit: 2 }),
  prices: countDistinct((bid: Bid) => bid.price),
  cheap: max((bid: Bid) => bid.price).where(bid => bid.price < 3),
  none: first((bid: Bid) => bid.at).where(() => false),
}

const everywhere = pipeline('everywhere', ({ source }) => {
  const bids = source('bids', { codec: json<Bid>(), eventTime: bid => bid.at }).keyBy('channel')
  return {
    tumbling: bids.window(tumbling(seconds(10))).aggregate('tumbling', together),
    cumulating: bids.window(cumulating(seconds(10), seconds(5))).aggregate('cumulating', together),
    daily: bids.window(daily('Europe/Berlin')).aggregate('daily', together),
    session: bids.window(session(seconds(6))).aggregate('session', together),
    global: bids.window(globalWindow()).aggregate('global', together),
    panes: bids.window(tumbling(seconds(10))).aggregate('panes', together, { emit: panes({ early: { records: 2 } }) }),
    updates: bids.aggregate('updates', together),
    every: bids.aggregate('every', together, { emit: every(seconds(5)) }),
    complete: bids.aggregate('complete', together, { emit: 'complete' }),
    final: bids.aggregate('final', together, { emit: 'final' }),
  }
})

test('several aggregates are the same in every kind of window and by every emission', async () => {
  const bids = [5_500, 2_000, 3_500, 4_000, 7_500].map((at, i) => ({ at, price: 5 - i, channel: 'web' }))
  const run = drive(everywhere)
  await run.bids.push(...bids.slice(0, 3))
  await run.bids.push(...bids.slice(3))
  await run.bids.end()
  const expected = { n: 5, first: 4, two: [bids[1], bids[2]], prices: 5, cheap: 2, none: null }
  const { tumbling, cumulating, daily, session, global, panes, updates, every, complete, final } = run
  for (const view of [tumbling, cumulating, daily, session, global, panes, updates, every, complete, final]) {
    assert.deepEqual(view.rows().at(-1)?.value, expected)
  }
})
