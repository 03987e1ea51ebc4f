import { codec, minutes, pipeline, tumbling } from 'millrace'
import { KplWriter } from '../shared/codecs/kpl-writer.ts'
import { encodeBody } from '../shared/commit/commit-body.ts'
import { decodeChunk } from '../shared/emit/chunk.ts'
import { sequenceNumber, shardId } from '../shared/model/ids.ts'
import { limits } from '../shared/model/limits.ts'
import { lineageOf } from '../shared/model/lineage.ts'
import { shapeOf } from '../shared/plan/shape.ts'
import { takeDeltas } from '../shared/runtime/commit.ts'
import { UnitCounter } from '../shared/runtime/run.ts'
import { MessageRun } from '../shared/runtime/run-messages.ts'
import { freshHead, ShardState } from '../shared/runtime/shard-state.ts'
import { SourceReader } from '../shared/runtime/source-reader.ts'
import { TransientChain } from '../shared/runtime/transient-chain.ts'

export type EngineFigures = {
  readonly records: number
  /** Records a second: in one loop, through the engine with records put together before the shuffle, and one message a record. */
  readonly bare: number
  readonly combined: number
  readonly single: number
}

type Trade = { readonly time: number; readonly symbol: string; readonly amount: number }

const symbols = 100
const recordsPerCommit = 1_000

/**
 * Decoded records through filter, keyBy, the shuffle's chunks and a tumbling count, with a commit encoded every 1,000 records: all of
 * the engine that runs between decoding and the conditional write, on one core. The yardstick counts the same records in a Map.
 */
export function engineBench(records: number): EngineFigures {
  const trades = Array.from({ length: recordsPerCommit * 10 }, (_, i) => tradeOf(i))
  const bare = rate(records, () => bareLoop(trades, records))
  // A reduce is the user's function: its edge ships every record.
  const combined = rate(records, () => throughEngine(trades, records, true))
  const single = rate(records, () => throughEngine(trades, records, false))
  return { records, bare, combined, single }
}

const tradeOf = (i: number): Trade => ({
  time: i * 2,
  symbol: `SYM${(i * 7919) % symbols}`,
  amount: (i * 104_729) % 1_000,
})

/** Best of three, after one to warm up. */
function rate(records: number, run: () => void): number {
  let best = 0
  for (let round = 0; round < 4; round++) {
    const began = performance.now()
    run()
    if (round > 0) best = Math.max(best, records / ((performance.now() - began) / 1000))
  }
  return best
}

function bareLoop(trades: readonly Trade[], records: number): number {
  const counts = new Map<string, Map<number, number>>()
  for (let i = 0; i < records; i++) {
    const trade = trades[i % trades.length]
    if (trade.amount < 100) continue
    const time = trade.time + Math.floor(i / trades.length) * 20_000
    const start = time - (time % 60_000)
    let byWindow = counts.get(trade.symbol)
    if (byWindow === undefined) {
      byWindow = new Map()
      counts.set(trade.symbol, byWindow)
    }
    byWindow.set(start, (byWindow.get(start) ?? 0) + 1)
  }
  return counts.size
}

function throughEngine(trades: readonly Trade[], records: number, isCombined: boolean): number {
  let next = 0
  const decoded = codec<Trade>({ name: 'decoded', decode: () => trades[0], encode: () => Buffer.alloc(0) })
  // The record is there already: decoding it is handing it over.
  const source = { ...decoded, decode: () => trades[next++ % trades.length] }
  const plan = pipeline('engine', scope => {
    const stream = scope.source('trades', {
      codec: source,
      eventTime: trade => trade.time + Math.floor((next - 1) / trades.length) * 20_000,
    })
    const counts = stream
      .filter(trade => trade.amount >= 100)
      .keyBy('symbol')
      .window(tumbling(minutes(1)))
    // A side output for late records needs each record.
    return { counts: isCombined ? counts.count('trades') : counts.lateTo('late').count('trades') }
  }).plan
  const [sender, receiver] = plan.stages
  if (sender.input.kind !== 'source') throw new Error('Cannot run the bench: the first stage is no source')
  const shard = shardId('shardId-000000000000')
  const listed = [{ id: shard, parents: [] }]
  const chain = new TransientChain(sender, limits.chunkBytes)
  const groups = Array.from({ length: 32 }, (_, group) => group)
  const head = freshHead('bench', 0, limits.ringSlots)
  const here = { stage: receiver, sizes: limits, pipelineVersion: '' }
  const state = new ShardState(here, shard, head, lineageOf(shard, listed), groups)
  const counts = { recordsIn: 0, malformed: 0, failed: 0, deadLetters: 0, duplicates: 0 }
  const data = aggregateOf(recordsPerCommit)
  let told: ReadonlyMap<string, number> = new Map()
  let bytes = 0
  for (let version = 0; version < records / recordsPerCommit; version++) {
    const sequence = sequenceNumber(String(version + 1))
    const place = { stage: sender.name, stream: sender.input.stream, shard, pipelineVersion: '' }
    const reader = new SourceReader(sender.input.source, place, undefined, counts)
    chain.start(shard)
    reader.read(
      { sequence, partitionKey: 'bench', data, arrivalMs: 0, control: undefined },
      chain.nextRecord(sequence),
      -1,
      chain,
    )
    chain.endRecord()
    const output = chain.chunks(lineageOf(shard, listed), told)
    told = output.told
    bytes += commitOf(
      state,
      output.chunks.map(chunk => chunk.bytes),
      version,
    )
  }
  return bytes
}

/** One run of the receiving stage and its commit, encoded. */
function commitOf(state: ShardState, chunks: readonly Uint8Array[], version: number): number {
  const limits = { mostUnits: Number.POSITIVE_INFINITY, mostBytes: Number.POSITIVE_INFINITY, isOutOfTime: () => false }
  const run = new MessageRun(state, new UnitCounter(state, limits, 'deadLetter', undefined), false)
  state.outbox.begin(version)
  for (const [i, bytes] of chunks.entries()) {
    const sequence = sequenceNumber(String(version * 1_000 + i + 1))
    const record = { sequence, partitionKey: '', data: Buffer.alloc(0), arrivalMs: 0, control: undefined }
    run.take({ record, chunk: decodeChunk(Buffer.concat([Buffer.of(0), bytes])) })
    state.head.through = { sequence, sub: Number.MAX_SAFE_INTEGER }
  }
  for (const operator of state.operators) operator.flush?.()
  const { outbox, announced } = state.outbox.finish(state.lineage, state.watermark, state.announced)
  state.announced = announced
  return encodeBody(state.body(takeDeltas(state), outbox, false, shapeOf(state.stage))).length
}

/** An aggregated record of so many user records, each of one byte. */
function aggregateOf(records: number): Buffer {
  const writer = new KplWriter(500_000)
  for (let i = 0; i < records; i++) writer.add('bench', Buffer.of(0))
  return Buffer.from(writer.finish())
}
