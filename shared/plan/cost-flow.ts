import { limits } from '../model/limits.ts'
import { distinct, type Rows, rowsOf, sum } from './cost-rows.ts'
import { sizes } from './cost-sizes.ts'
import type { Plan, Shipping, Stage } from './plan.ts'
import { feedOf } from './resources.ts'

/** What comes in, and how the stages are set. Rates are by the second. */
export type Traffic = {
  /** Events a second that come to a source. */
  readonly rate: (source: string) => number
  /** Bytes of an event. */
  readonly eventBytes: number
  /** Events in a Kinesis record, as the KPL or `millrace produce` aggregates them; 1 where each is a record. */
  readonly aggregated: number
  /** Shards of a stage's stream; undefined for as many as the traffic needs. */
  readonly shards: (stage: string) => number | undefined
  readonly batchSize: (stage: string) => number
  /** Seconds that a mapping waits for a full batch. */
  readonly batchWindow: number
  /** Distinct keys of a keyed stage. */
  readonly keys: (stage: string) => number
  /** Values that leave a stage's steps for each that comes to them. */
  readonly selectivity: (stage: string) => number
}

/** What happens at one stage, by the second. */
export type StageFlow = {
  readonly stage: Stage
  readonly shards: number
  /** For the traffic, by what a shard takes: 1,000 records and 1 MB a second. */
  readonly shardsNeeded: number
  /** Kinesis records, their bytes, and the units of 25 KB begun that they were put as. */
  readonly records: number
  readonly bytes: number
  readonly putUnits: number
  /** Events of a source, messages of a shuffle. */
  readonly events: number
  readonly invocations: number
  /** Milliseconds that they take, all together. */
  readonly busyMs: number
  /** Write units: commits, pages, rows of views. */
  readonly commitUnits: number
  readonly pageUnits: number
  readonly rowUnits: number
  /** Ids that records of a feed claim. */
  readonly claimUnits: number
  readonly claimedBytes: number
  /** Bytes that the table holds, and that each second adds to it. */
  readonly storedBytes: number
  readonly storedPerSecond: number
}

/** What one stage puts on the stream of another: the mean of its batches. */
type Shuffled = {
  readonly from: Stage
  /** A second. */
  readonly batches: number
  readonly shards: number
  readonly chunks: number
  readonly bytes: number
  readonly putUnits: number
  readonly messages: number
}

/** Lambda asks a shard for records about once a second. */
const pollSeconds = 1
/** What a batch holds: Lambda's 6 MB, in base64, with what is written around each record. */
const batchBytes = limits.batchBytes * (2 / 3)
const tickSeconds = 60
const shardRecords = 1_000
const shardBytes = 1024 * 1024

/** The flow through every stage, in the plan's order: each comes after those that feed it. */
export function flowOf(plan: Plan, traffic: Traffic): readonly StageFlow[] {
  const feeds = new Map<string, Shuffled[]>()
  return plan.stages.map(stage => {
    const fed = feeds.get(stage.name) ?? []
    const arriving =
      stage.input.kind === 'source' ? arrivingAtSource(stage, traffic) : arrivingByShuffle(stage, traffic, fed)
    const { invocations } = arriving
    const events = invocations === 0 ? 0 : arriving.events / invocations
    const keys = keysOf(stage, traffic, fed)
    const rows = rowsOf(stage, { invocations, events, keys, selectivity: traffic.selectivity(stage.name) })
    const sent = stage.shuffles.map((_, index) => shuffledBy(stage, index, arriving, rows, traffic))
    for (const [index, { stage: receiver }] of stage.shuffles.entries()) {
      feeds.set(receiver, [...(feeds.get(receiver) ?? []), sent[index]])
    }
    const rowUnits = sum(stage.sinks.map(sink => (sink.kind === 'view' ? rows.rate(sink.input) : 0)))
    const isLogged = stage.kind === 'logged'
    return {
      stage,
      ...arriving,
      ...(isLogged ? commitsOf(stage, arriving, rows, rowUnits, fed, sent) : noCommits),
      rowUnits,
      ...claimsOf(stage, arriving),
      storedPerSecond: rows.addedToViews * sizes.rowBytes,
      busyMs:
        invocations * (isLogged ? sizes.loggedMs : sizes.transientMs) +
        arriving.events * sizes.eventMs +
        rowUnits * sizes.rowMs,
    }
  })
}

/** Each record of a feed claims its id, which is kept for as long as the source is to remember it. */
function claimsOf({ input }: Stage, { events }: Pick<Arriving, 'events'>) {
  const feed = feedOf(input)
  return {
    claimUnits: feed === undefined ? 0 : events,
    claimedBytes: feed === undefined ? 0 : (events * feed.rememberMs * sizes.claimBytes) / 1_000,
  }
}

type Arriving = Pick<StageFlow, 'shards' | 'shardsNeeded' | 'records' | 'bytes' | 'putUnits' | 'events' | 'invocations'>

function arrivingAtSource(stage: Stage, traffic: Traffic): Arriving {
  const events = traffic.rate(stage.name)
  const records = events / traffic.aggregated
  const bytes = events * traffic.eventBytes
  const putUnits = records * Math.ceil((traffic.eventBytes * traffic.aggregated) / limits.putUnitBytes)
  return batched(stage, traffic, { records, bytes, putUnits, events }, records)
}

/** Chunks of a batch arrive together. A tick comes to each shard every minute, whatever else does. */
function arrivingByShuffle(stage: Stage, traffic: Traffic, feeds: readonly Shuffled[]): Arriving {
  const total = (of: (feed: Shuffled) => number): number => sum(feeds.map(feed => feed.batches * of(feed)))
  const flow = { records: total(feed => feed.chunks), bytes: total(feed => feed.bytes) }
  const shards = traffic.shards(stage.name) ?? shardsFor(flow.records, flow.bytes)
  const ticks = shards / tickSeconds
  const putUnits = total(feed => feed.putUnits) + ticks
  const bursts = total(feed => Math.min(feed.chunks, shards)) + ticks
  return batched(
    stage,
    traffic,
    { ...flow, records: flow.records + ticks, putUnits, events: total(feed => feed.messages) },
    bursts,
  )
}

const shardsFor = (records: number, bytes: number): number =>
  Math.max(1, Math.ceil(Math.max(records / shardRecords, bytes / shardBytes)))

/** An invocation takes what has come since the last, or a full batch. */
function batched(
  { name }: Stage,
  traffic: Traffic,
  flow: Pick<StageFlow, 'records' | 'bytes' | 'putUnits' | 'events'>,
  bursts: number,
): Arriving {
  const shardsNeeded = shardsFor(flow.records, flow.bytes)
  const shards = traffic.shards(name) ?? shardsNeeded
  const full = Math.max(flow.records / traffic.batchSize(name), flow.bytes / batchBytes)
  const most = shards / Math.max(pollSeconds, traffic.batchWindow)
  return { ...flow, shards, shardsNeeded, invocations: Math.max(full, Math.min(bursts, most)) }
}

/** A ranking holds the rows of the stage before it. */
function keysOf(stage: Stage, traffic: Traffic, feeds: readonly Shuffled[]): number {
  const isRanking = stage.operators.length > 0 && stage.operators.every(node => node.kind === 'top')
  return isRanking ? Math.max(1, ...feeds.map(feed => traffic.keys(feed.from.name))) : traffic.keys(stage.name)
}

function shuffledBy(stage: Stage, index: number, arriving: Arriving, rows: Rows, traffic: Traffic): Shuffled {
  const { invocations: batches, shards } = arriving
  const shuffle = stage.shuffles[index]
  const isTransient = stage.kind === 'transient'
  const perRecord = isTransient ? traffic.aggregated : 1
  const keys = traffic.keys(shuffle.stage)
  let messages = 0
  let dataBytes = 0
  for (const [node, consumers] of stage.consumers) {
    for (const consumer of consumers) {
      if (consumer.kind !== 'shuffle' || consumer.shuffle !== index || batches === 0) continue
      const { ships } = consumer.edge
      const values = rows.rate(node) / batches
      // Records are put together where they come in one Kinesis record.
      const isCombined = isTransient && ships.kind === 'combined'
      const sent = isCombined ? (values / perRecord) * distinct(perRecord, keys) : values
      messages += sent
      dataBytes += sent * (sizes.messageBytes + shippedBytes(ships, traffic.eventBytes))
    }
  }
  const touched = distinct(distinct(messages, keys), shuffle.groups)
  // A key group without messages is told of the watermark where that ends a window.
  const stepSeconds = shuffle.steps.coarse / 1_000
  const silent = batches === 0 ? 0 : (shuffle.groups - touched) * Math.min(1, shards / (batches * stepSeconds))
  if (isTransient) dataBytes += Math.max(touched, messages / perRecord) * sizes.positionBytes
  const chunkBytes = touched === 0 ? 0 : sizes.chunkBytes + dataBytes / touched
  const stored = chunkBytes >= limits.putUnitBytes ? chunkBytes * sizes.compressed : chunkBytes
  return {
    from: stage,
    batches,
    shards,
    chunks: touched * Math.max(1, chunkBytes / limits.chunkBytes) + silent,
    bytes: touched * stored + silent * sizes.chunkBytes,
    putUnits: touched * Math.max(1, Math.ceil(stored / limits.putUnitBytes)) + silent,
    messages,
  }
}

function shippedBytes(ships: Shipping, eventBytes: number): number {
  switch (ships.kind) {
    case 'nothing':
      return 0
    case 'combined':
      return ships.parts.length * sizes.partBytes
    case 'lifted':
      return sizes.partBytes
    case 'row':
      return sizes.rowMessageBytes
    case 'value':
      return eventBytes
  }
}

const noCommits = { commitUnits: 0, pageUnits: 0, storedBytes: 0 }

/** One commit an invocation, cut where an item holds no more; pages before a slot of the ring is written again. */
function commitsOf(
  { input }: Stage,
  { shards, invocations }: Arriving,
  rows: Rows,
  rowUnits: number,
  feeds: readonly Shuffled[],
  sent: readonly Shuffled[],
): Pick<StageFlow, 'commitUnits' | 'pageUnits' | 'storedBytes'> {
  if (invocations === 0) return noCommits
  const groups = input.kind === 'shuffle' ? input.groups : 0
  const producers = sum(feeds.map(feed => feed.shards))
  const heard = Math.min(sum(feeds.map(feed => feed.batches * feed.chunks)) / invocations, groups * producers)
  const out = sum(sent.map(({ messages }) => messages)) + rowUnits / invocations
  const bytes = sizes.commitBytes + rows.entries * sizes.entryBytes + heard * sizes.producerBytes + out * sizes.outBytes
  const commits = Math.max(1, bytes / limits.commitBodyBytes)
  const units = commits * Math.ceil(bytes / commits / limits.writeUnitBytes)
  const pagings = invocations * Math.max(1 / limits.ringSlots, bytes / limits.ringBytes)
  const pageBytes =
    groups === 0
      ? 0
      : sizes.pageBytes + (rows.kept / groups) * sizes.pageEntryBytes + producers * sizes.pageProducerBytes
  const dirty = Math.min(groups / shards, heard * limits.ringSlots)
  return {
    commitUnits: invocations * units,
    pageUnits: pagings * dirty * Math.ceil(pageBytes / limits.writeUnitBytes),
    storedBytes: shards * limits.ringSlots * (bytes / commits) + 2 * groups * pageBytes + rows.inViews * sizes.rowBytes,
  }
}
