import assert from 'node:assert/strict'
import { test } from 'node:test'
import { orders } from '../../functions/orders/pipeline.ts'
import { wordCount } from '../../functions/word-count/pipeline.ts'
import { describe as describePlan } from '../../shared/plan/describe.ts'
import { mermaidOfPlan, textOfPlan } from '../../shared/plan/describe-text.ts'
import { fingerprintOf } from '../../shared/plan/shape.ts'
import { ordersFile, printed, refused, wordCountFile } from './command.ts'

const wordCountText = `pipeline word-count, fingerprint ${fingerprintOf(wordCount.plan)}

stage lines (transient)
  reads      source "lines" as utf8, up to 0 ms out of order
  malformed  kept as a dead letter
  runs       flatMap
  sends      to stage word by stream "word-count-word"
  on error   kept as a dead letter
  guarantee  exactly once: commits nothing, and what a retry sends again is dropped by position

stage word (logged)
  reads      stream "word-count-word" from stage lines, 32 key groups
  key        word, by a function
  ships      a count, combined per key
  operator   words-so-far: count, so far, emits updates
  keeps      one accumulator per key, for ever
  view       counts of words-so-far, once: a row is put only over an older position
  on error   kept as a dead letter
  guarantee  exactly once: state, progress and outputs in one conditional write per invocation
`

test('explain prints the stages of word-count', async () => {
  assert.equal(await printed(['explain', wordCountFile]), wordCountText)
})

const ordersText = `pipeline orders, fingerprint ${fingerprintOf(orders.plan)}

stage trades (transient)
  reads      source "trades" as csv, up to 5 seconds out of order
  malformed  kept as a dead letter
  sends      to stage side by stream "orders-side"
  sends      to stage clientId by stream "orders-clientId"
  sends      to stage symbol by stream "orders-symbol"
  on error   kept as a dead letter
  guarantee  exactly once: commits nothing, and what a retry sends again is dropped by position

stage side (logged)
  reads      stream "orders-side" from stage trades, 32 key groups
  key        side
  ships      a count, combined per key and 1 minute of event time
  operator   trades-per-minute: count, tumbling windows of 1 minute, emits final
  keeps      one accumulator per key and slice of 1 minute, until its last window has closed
  operator   trades-so-far: count, so far, emits updates
  keeps      one accumulator per key, for ever
  view       sides of trades-per-minute, once: a row is put only over an older position
  view       totals of trades-so-far, once: a row is put only over an older position
  on error   kept as a dead letter
  guarantee  exactly once: state, progress and outputs in one conditional write per invocation

stage clientId (logged)
  reads      stream "orders-clientId" from stage trades, 32 key groups
  key        clientId
  ships      a count and the accumulator of "turnover", combined per key
  operator   turnover: sum, so far, emits updates
  keeps      one accumulator per key, for ever
  sends      to stage top-clients by stream "orders-top-clients"
  on error   kept as a dead letter
  guarantee  exactly once: state, progress and outputs in one conditional write per invocation

stage top-clients (logged)
  reads      stream "orders-top-clients" from stage clientId, 1 key group
  key        one for all rows
  ships      the newest state of a row
  operator   top-clients: top 5, so far, emits updates
  keeps      one row per key, for ever
  view       topClients of top-clients, once: a row is put only over an older position
  on error   kept as a dead letter
  guarantee  exactly once: state, progress and outputs in one conditional write per invocation

stage symbol (logged)
  reads      stream "orders-symbol" from stage trades, 32 key groups
  key        symbol
  ships      a count and the accumulator of "volume", combined per key and 5 minutes of event time
  operator   volume: sum, windows of 1 hour every 5 minutes, emits final
  keeps      one accumulator per key and slice of 5 minutes, until its last window has closed
  sends      to stage top-symbols by stream "orders-top-symbols"
  on error   kept as a dead letter
  guarantee  exactly once: state, progress and outputs in one conditional write per invocation

stage top-symbols (logged)
  reads      stream "orders-top-symbols" from stage symbol, 1 key group
  key        one for all rows
  ships      the newest state of a row
  operator   top-symbols: top 5, windows of 1 hour every 5 minutes, emits final
  keeps      one row per key and window, until the window has closed
  view       topSymbols of top-symbols, once: a row is put only over an older position
  on error   kept as a dead letter
  guarantee  exactly once: state, progress and outputs in one conditional write per invocation
`

test('explain prints the stages of orders', () => {
  assert.equal(textOfPlan(describePlan(orders.plan)), ordersText)
})

test('explain --json prints what the text is made of', async () => {
  const found = JSON.parse(await printed(['explain', ordersFile, '--json']))
  assert.deepEqual(found, JSON.parse(JSON.stringify(describePlan(orders.plan))))
})

test('explain --mermaid draws stages, the streams between them, sources and sinks', async () => {
  const expected = [
    'flowchart LR',
    '  s0["lines (transient)"]',
    '  i0(["lines"]) --> s0',
    '  s0 -- "word-count-word" --> s1',
    '  s1["word (logged)<br/>words-so-far: count"]',
    '  s1 --> o1_0[("counts (view)")]',
    '',
  ]
  assert.equal(mermaidOfPlan(describePlan(wordCount.plan)), expected.join('\n'))
  assert.equal(await printed(['explain', ordersFile, '--mermaid']), mermaidOfPlan(describePlan(orders.plan)))
  await refused(
    ['explain', ordersFile, '--mermaid', '--json'],
    2,
    'Cannot read the command line: option "--mermaid" cannot be used with option "--json", see millrace explain --help',
  )
})
