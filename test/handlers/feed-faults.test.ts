import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { dynamodb, dynamodbChanges, json, pipeline, sqs } from 'millrace'
import { handlers, type StageHandler } from 'millrace/lambda'
import { dynamodbEvent, sqsEvent } from 'millrace/testing'
import type { StageEvent } from '../../functions/stage-event.ts'
import { type EmbeddedCloud, memoryCloud } from '../../local/cloud/embedded-cloud.ts'
import { Deployment } from '../../local/functions/deployment.ts'
import { EnvironmentPool } from '../../local/functions/environment-pool.ts'
import { lambdaContext } from '../../local/functions/lambda-context.ts'
import { viewRows } from '../../local/run/results.ts'
import { Random } from '../../local/simulator/random.ts'
import type { Pipeline } from '../../shared/dsl/pipeline.ts'
import { limits } from '../../shared/model/limits.ts'
import type { Ports } from '../../shared/ports/index.ts'
import type { PutOutcome, PutRecord } from '../../shared/ports/streams.ts'

/** What a feed hands over: the nth message of a group, or change of an item. */
type Message = { readonly group: string; readonly n: number; readonly filling?: string }

type Feed = {
  readonly name: string
  readonly pipeline: Pipeline<unknown, unknown>
  event(messages: readonly Message[]): StageEvent
}

/** What came of a group, in the order in which it came. */
type Told = { readonly group: string; readonly text: string }

const began = ({ group, n }: Message): Told => ({ group, text: String(n) })
const goesOn = ({ group, text }: Told, next: Told): Told => ({ group, text: `${text} ${next.text}` })

const ordersOfQueue: Feed = {
  name: 'a FIFO queue',
  pipeline: pipeline('shop', ({ source }) => ({
    told: source('orders', { codec: json<Message>(), from: sqs() }).map(began).keyBy('group').reduce('told', goesOn),
  })),
  event: messages =>
    sqsEvent(
      'orders.fifo',
      messages.map(message => {
        const { group, n } = message
        return { body: JSON.stringify(message), group, messageId: `${group}-${n}` }
      }),
    ),
}

const changesOfTable: Feed = {
  name: 'the stream of a table',
  pipeline: pipeline('shop', ({ source }) => ({
    told: source('orders', { codec: dynamodbChanges<Message>(), from: dynamodb() })
      .map(({ row }) => began(row))
      .keyBy('group')
      .reduce('told', goesOn),
  })),
  event: messages =>
    dynamodbEvent(
      'orders',
      messages.map(message => {
        const { group, n } = message
        return { keys: { group }, now: message, eventId: `${group}-${n}` }
      }),
    ),
}

const feeds = [ordersOfQueue, changesOfTable]

/** What becomes of a call that puts records: it takes effect as a whole, in part, or not; and is answered, late or never. */
type Fate = 'done' | 'refusedInPart' | 'requestLost' | 'answerLost' | 'dies' | 'zombie'

const fates: readonly Fate[] = ['refusedInPart', 'requestLost', 'answerLost', 'dies', 'zombie']

/** A source's function on a cloud whose Kinesis fails as it is told. */
class FaultyFeed {
  readonly cloud: EmbeddedCloud = memoryCloud({ now: () => 0, sleep: async () => {} })
  /** Calls that an invocation which was given up on still waits for. */
  readonly late: (() => void)[] = []
  calls = 0
  readonly #feed: Feed
  readonly #handler: StageHandler
  readonly #ports: Ports
  #fateOf: (call: number) => Fate = () => 'done'
  #giveUp: () => void = () => {}

  constructor(feed: Feed) {
    this.#feed = feed
    this.#handler = handlerOf(feed.pipeline, 'orders')
    this.cloud.streams.createStream('orders', 2)
    const { streams } = this.cloud.ports
    this.#ports = { ...this.cloud.ports, streams: { ...streams, putRecords: (...put) => this.#put(...put) } }
  }

  /** Whether the feed lets go of the messages; given up on after a while, as a function whose time is over is. */
  async hand(messages: readonly Message[], fateOf: (call: number) => Fate = () => 'done'): Promise<boolean> {
    this.#fateOf = fateOf
    this.calls = 0
    const givenUp = new Promise<boolean>(resolve => {
      this.#giveUp = () => resolve(false)
    })
    const host = { ports: this.#ports, isQuiet: true, report: () => {} }
    const context = lambdaContext({ host, functionName: 'orders', remainingMs: () => 60_000 })
    const done = this.#handler(this.#feed.event(messages), context).then(
      ({ batchItemFailures }) => batchItemFailures.length === 0,
      () => false,
    )
    return Promise.race([done, givenUp])
  }

  /** What is on the stream goes through all stages: the texts by group. */
  async results(): Promise<Record<string, string>> {
    for (const go of this.late.splice(0)) go()
    await new Promise(setImmediate)
    await settle(this.cloud, this.#feed.pipeline)
    const rows = await viewRows(this.cloud, this.#feed.pipeline.plan, 'told')
    return Object.fromEntries(rows.map(({ key, value }) => [key, (value as Told).text]))
  }

  async #put(stream: string, records: readonly PutRecord[]): Promise<readonly PutOutcome[]> {
    const put = (some: readonly PutRecord[]) => this.cloud.ports.streams.putRecords(stream, some)
    switch (this.#fateOf(this.calls++)) {
      case 'done':
        return put(records)
      case 'refusedInPart': {
        const taken = await put(records.filter((_, i) => i % 2 === 1))
        return records.map((_, i) => (i % 2 === 1 ? taken[(i - 1) / 2] : { kind: 'refused', reason: 'throttled' }))
      }
      case 'requestLost':
        throw new Error('the request was lost')
      case 'answerLost':
        await put(records)
        throw new Error('the answer was lost')
      case 'dies':
        this.#giveUp()
        return new Promise((_, reject) =>
          this.late.push(() => put(records).then(() => reject(new Error('it is dead')))),
        )
      case 'zombie':
        this.#giveUp()
        return new Promise(resolve => this.late.push(() => resolve(put(records))))
    }
  }
}

function handlerOf(of: Pipeline<unknown, unknown>, stage: string): StageHandler {
  const byStage: Readonly<Record<string, StageHandler>> = handlers(of)
  return byStage[stage]
}

async function settle(cloud: EmbeddedCloud, of: Pipeline<unknown, unknown>): Promise<void> {
  let now = 0
  const deployment = new Deployment(cloud, of.plan, {
    shards: () => 2,
    batchSize: () => 7,
    now: () => now,
    runner: ({ name }) =>
      new EnvironmentPool(
        name,
        () => handlerOf(of, name),
        cloud.ports,
        () => now,
      ),
  })
  for (let idle = 0; idle < 3; ) {
    let isBusy = false
    for (const mapping of deployment.mappings.values()) isBusy = (await mapping.pollOnce()) || isBusy
    now += 60_000
    idle = isBusy ? 0 : idle + 1
  }
}

const upTo = (count: number): string => Array.from({ length: count }, (_, n) => n).join(' ')

for (const feed of feeds) {
  describe(`what ${feed.name} hands over`, () => {
    /** The messages of a group take several records of the stream. */
    const filling = 'x'.repeat(limits.chunkBytes / 3)
    const messages = Array.from({ length: 12 }, (_, i) => ({ group: `g${i % 3}`, n: Math.floor(i / 3), filling }))
    const expected = { g0: upTo(4), g1: upTo(4), g2: upTo(4) }

    test('counts once and keeps its order, whichever call fails in whatever way', async () => {
      const counting = new FaultyFeed(feed)
      assert.ok(await counting.hand(messages))
      assert.deepEqual(await counting.results(), expected)
      const { calls } = counting
      assert.ok(calls >= 2, 'the records of a group go one after the other')
      for (const fate of fates) {
        for (let failing = 0; failing < calls; failing++) {
          const faulty = new FaultyFeed(feed)
          const isDone = await faulty.hand(messages, call => (call === failing ? fate : 'done'))
          assert.equal(isDone, fate === 'refusedInPart', `${fate} at call ${failing}`)
          // The next attempt is cut differently, and what is late comes in its middle.
          assert.ok(await faulty.hand(messages.slice(0, 5)))
          const late = faulty.late.splice(0)
          assert.ok(
            await faulty.hand(messages.slice(3), call => {
              if (call === 1) for (const go of late) go()
              return 'done'
            }),
          )
          assert.deepEqual(await faulty.results(), expected, `${fate} at call ${failing}`)
        }
      }
    })

    test('counts once and keeps its order in random schedules', async () => {
      for (let seed = 1; seed <= 40; seed++) await schedule(seed)
    })

    /** Groups are handed over from their first message that is not done, one event at a time for each. */
    async function schedule(seed: number): Promise<void> {
      const random = new Random(seed)
      const faulty = new FaultyFeed(feed)
      const counts = Array.from({ length: 1 + random.below(5) }, () => random.below(12))
      const done = counts.map(() => 0)
      while (done.some((count, group) => count < counts[group])) {
        const runs = done.map((from, group) => {
          const again = Math.max(0, from - (random.chance(0.2) ? random.below(3) : 0))
          const to = Math.min(counts[group], again + random.below(6))
          return Array.from({ length: Math.max(0, to - again) }, (_, i) => ({ group: `g${group}`, n: again + i }))
        })
        const event = interleaved(random, runs)
        const fails = random.chance(0.4)
        const isDone = await faulty.hand(event, () => (fails && random.chance(0.3) ? random.pick(fates) : 'done'))
        if (random.chance(0.3)) for (const go of faulty.late.splice(0)) go()
        // A queue may not hear that they were dealt with.
        if (!isDone || random.chance(0.1)) continue
        for (const [group, run] of runs.entries()) done[group] = Math.max(done[group], (run.at(-1)?.n ?? -1) + 1)
      }
      const all = counts.flatMap((count, group) => (count === 0 ? [] : [[`g${group}`, upTo(count)]]))
      assert.deepEqual(await faulty.results(), Object.fromEntries(all), `seed ${seed}`)
    }
  })
}

/** All messages of the runs, those of each in their order. */
function interleaved(random: Random, runs: readonly (readonly Message[])[]): Message[] {
  const left = runs.map(run => [...run]).filter(run => run.length > 0)
  const all: Message[] = []
  while (left.length > 0) {
    const at = random.below(left.length)
    const next = left[at].shift()
    if (next !== undefined) all.push(next)
    if (left[at].length === 0) left.splice(at, 1)
  }
  return all
}
