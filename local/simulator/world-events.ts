import { encodeControl } from '../../shared/codecs/control.ts'
import { limits } from '../../shared/model/limits.ts'
import type { PutRecord } from '../../shared/ports/streams.ts'
import type { Drawn } from './dice.ts'
import { stepFaults, type WorldFault } from './fault-kinds.ts'
import type { Random } from './random.ts'
import type { Stages } from './stages.ts'
import { nameOf, shardNumber, type World } from './world.ts'

/** More would make a run slow and tell nothing new. */
const mostOpenShards = 6
const mostShards = 16
/** The clock function puts a tick on each shuffle shard this often. */
const tickEveryMs = 60_000
/** Positions of retired producers are kept for a day of arrival time: what is under way gets no older than this. */
const mostElapsedMs = 20 * 3_600_000
const mostLongLeaps = 3

/** What happens to the whole between two steps: faults of the platform, deadlines, ticks. */
export class WorldEvents {
  readonly #world: World
  readonly #stages: Stages
  /** Nothing is under way that is older. */
  #beganMs: number
  readonly #mostElapsedMs: number
  #nextTickMs: number
  #longLeaps = 0

  constructor(world: World, stages: Stages) {
    this.#world = world
    this.#stages = stages
    this.#beganMs = world.nowMs
    this.#nextTickMs = world.nowMs + tickEveryMs
    // Idle shards that hold a backlog would make late records: how long a source may stand still is its `idleAfter`.
    const idleMs = world.plan.stages.map(({ input }) => (input.kind === 'source' ? input.source.idleMs : Infinity))
    this.#mostElapsedMs = world.workload.fallsSilent
      ? mostElapsedMs
      : Math.min(mostElapsedMs, ...idleMs.map(ms => ms * 0.5))
  }

  /** How much time may still pass. */
  get #leftMs(): number {
    return Math.max(0, this.#beganMs + this.#mostElapsedMs - this.#world.nowMs)
  }

  /** Time passes, and something may happen: then mappings and an invocation may have code to run. */
  beforeStep(): 'happened' | 'quiet' {
    const world = this.#world
    if (world.isHealed) return 'quiet'
    const before = world.faults.length
    const { stepMs } = world.climate
    if (stepMs > 0) world.nowMs += Math.min(this.#leftMs, world.random.below(stepMs + 1))
    const drawn = world.dice.roll('step', stepFaults)
    if (drawn !== undefined) this.#happen(drawn)
    this.#checkDeadlines()
    if (world.nowMs >= this.#nextTickMs) this.tick()
    return world.faults.length > before ? 'happened' : 'quiet'
  }

  /** A tick on each open shard of the shuffles. */
  tick(): void {
    const world = this.#world
    this.#nextTickMs = world.nowMs + tickEveryMs - ((world.nowMs - this.#beganMs) % tickEveryMs)
    const data = encodeControl({ kind: 'tick' })
    for (const { name, input } of world.plan.stages) {
      if (input.kind !== 'shuffle') continue
      for (const { id, range } of world.open(input.stream)) {
        const drawn = world.dice.roll(`${name} ${shardNumber(id)} tick`, ['lostTick', 'doubledTick'])
        if (drawn !== undefined) world.suffer(drawn, `${name}/${shardNumber(id)}`)
        if (drawn?.kind === 'lostTick') continue
        const record: PutRecord = { data, partitionKey: 'millrace', explicitHashKey: range.from }
        world.put(input.stream, drawn?.kind === 'doubledTick' ? [record, record] : [record])
      }
    }
    world.trace.note('ticks', '', world.nowMs % 2 ** 31)
    world.trace.tell(() => 'a tick')
  }

  passMs(ms: number): void {
    this.#world.nowMs += ms
  }

  #happen(drawn: Drawn<WorldFault>): void {
    const { random } = drawn
    switch (drawn.kind) {
      case 'evicted':
        return this.#evict(drawn)
      case 'resharded':
        return this.#reshard(drawn)
      case 'recut':
        return this.#recut(drawn, [random.pick(this.#world.plan.stages).name])
      case 'redeployed':
        this.#world.plan = this.#world.rebuild().plan
        this.#recut(
          drawn,
          this.#world.plan.stages.map(({ name }) => name),
        )
        for (const process of [...this.#world.processes]) {
          if (process.running === undefined) this.#world.kill(process, random, 'The function was deployed anew')
        }
        this.#world.happen(() => ({ kind: 'redeployed' }))
        return
      case 'redelivered':
        return this.#redeliver(drawn)
      case 'longLeap':
        return this.#leapFar(drawn)
      case 'leap': {
        const ms = Math.min(this.#leftMs, random.pick([1_000, 30_000, 61_000, 300_000]))
        this.#world.suffer(drawn, `${ms} ms pass`)
        this.#world.nowMs += ms
        return
      }
    }
  }

  /** Nothing that was under way lives for a day: what is kept no longer than that may be forgotten. */
  #leapFar(drawn: Drawn): void {
    const world = this.#world
    if (this.#mostElapsedMs < mostElapsedMs || this.#longLeaps === mostLongLeaps) return
    this.#longLeaps++
    const ms = limits.retiredMs + drawn.random.below(limits.retiredMs)
    world.suffer(drawn, `${ms} ms pass`)
    world.endAll(drawn.random, 'The function was idle for a day')
    world.nowMs += ms
    this.#beganMs = world.nowMs
  }

  #evict(drawn: Drawn): void {
    const idle = this.#world.processes.filter(({ running }) => running === undefined)
    const chosen = idle.filter(() => drawn.random.chance(0.5))
    if (chosen.length === 0) return
    this.#world.suffer(drawn, `processes ${chosen.map(({ number }) => number).join(', ')} are gone`)
    for (const process of chosen) this.#world.kill(process, drawn.random, 'evicted')
  }

  #recut(drawn: Drawn, names: readonly string[]): void {
    const world = this.#world
    world.suffer(drawn, `${names.join(', ')} begin${names.length === 1 ? 's' : ''} anew where the checkpoint is`)
    for (const name of names) {
      for (const { running, stage } of world.processes) {
        if (stage === name && running !== undefined) world.giveUp(running, 'zombie', 'The mapping was made anew')
      }
      this.#stages.deploy(name)
    }
  }

  #redeliver(drawn: Drawn): void {
    const { random } = drawn
    const stage = random.pick(this.#world.plan.stages).name
    const events = this.#world.delivered.get(stage) ?? []
    if (events.length === 0) return
    const event = random.pick(events)
    this.#world.suffer(drawn, `a batch of ${stage} comes once more`)
    void this.#stages.start(stage, event, true)
  }

  #checkDeadlines(): void {
    const world = this.#world
    for (const { running: invocation } of [...world.processes]) {
      if (invocation === undefined || invocation.isZombie || world.nowMs < invocation.deadlineMs) continue
      const place = `${invocation.process.stage} ${shardNumber(invocation.shard)} timeout`
      const drawn = world.dice.roll(place, ['timeout'])
      if (drawn === undefined) {
        invocation.deadlineMs = world.nowMs + world.climate.timeoutMs
        continue
      }
      world.suffer(drawn, nameOf(invocation))
      const fate = drawn.random.pick(['gone', 'gone', 'zombie', 'frozen'] as const)
      if (fate === 'gone') world.kill(invocation.process, drawn.random, 'The invocation timed out')
      else world.giveUp(invocation, fate, 'The invocation timed out')
    }
  }

  /** Once, or several times in a row: children are split and merged again before anybody has taken over from their parents. */
  #reshard(drawn: Drawn): void {
    const { random } = drawn
    const stream = random.pick(this.#world.streams)
    const done: string[] = []
    do {
      const what = this.#reshardOnce(stream, random)
      if (what !== undefined) done.push(what)
    } while (random.chance(0.35))
    if (done.length === 0) return
    this.#world.suffer(drawn, `stream ${stream}: ${done.join(', ')}`)
    this.#world.happen(() => ({ kind: 'resharded', stream, shards: this.#world.cloud.streams.describe(stream) }))
  }

  #reshardOnce(stream: string, random: Random): string | undefined {
    const world = this.#world
    const { streams } = world.cloud
    const all = streams.describe(stream)
    const open = world.open(stream).toSorted((a, b) => (a.range.from < b.range.from ? -1 : 1))
    if (all.length >= mostShards) return undefined
    const former = world.formerShards.get(stream) ?? []
    world.formerShards.set(stream, former)
    if (open.length > 1 && (open.length >= mostOpenShards || random.chance(0.5))) {
      const i = random.below(open.length - 1)
      const [one, other] = [open[i].id, open[i + 1].id]
      former.push(all)
      const child = streams.mergeShards(stream, one, other)
      return `${shardNumber(one)} and ${shardNumber(other)} merge into ${shardNumber(child)}`
    }
    const { id, range } = random.pick(open)
    const size = range.to - range.from
    if (size < 4n) return undefined
    const at = range.from + 1n + ((size - 1n) * BigInt(random.below(1_000))) / 1_000n
    former.push(all)
    const [lower, upper] = streams.splitShard(stream, id, random.chance(0.5) ? undefined : at)
    return `${shardNumber(id)} splits into ${shardNumber(lower)} and ${shardNumber(upper)}`
  }
}
