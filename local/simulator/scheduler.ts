import { stageTotals } from '../run/results.ts'
import { arrive, resume } from './call-faults.ts'
import type { Watch } from './observation.ts'
import type { ParkedCall } from './parked-call.ts'
import type { Producers } from './producers.ts'
import type { Stages } from './stages.ts'
import { nameOf, type World } from './world.ts'
import type { WorldEvents } from './world-events.ts'

/** Rounds of ticks at the end, so that what waits for arrival time goes through every stage. */
const lastTicks = 2
const tickMs = 60_000
/** After the faults: steps that a message may take in a stage, and those of a run of few. Three times what was seen in 1,000 seeds. */
const stepsPerMessage = 15
const stepsAtLeast = 10_000
/** Likewise, steps without a record that is put or done with. */
const stepsWithoutProgress = 6_000
/** More of them for each invocation under way: where many zombies race, each commit makes the others load again. */
const stepsPerRacing = 300

/** A checker at work. */
export type NamedWatch = { readonly name: string; readonly watch: Watch }

/** A thing that may happen next. */
type Choice = { readonly weight: number; readonly go: () => void | Promise<void> }

/**
 * Decides what happens next, one thing at a time: when all code waits, the next thing is drawn among those that may happen. First there
 * are faults; then they stop, the input ends, and all must come to rest within a bounded number of steps.
 */
export class Scheduler {
  readonly #world: World
  readonly #stages: Stages
  readonly #events: WorldEvents
  readonly #producers: Producers
  readonly #watches: readonly NamedWatch[]
  #ticksLeft = 0
  #healedAt = 0
  /** After the faults, as far as is known by now. */
  #mostSteps = 0

  constructor(world: World, stages: Stages, events: WorldEvents, producers: Producers, watches: readonly NamedWatch[]) {
    this.#world = world
    this.#stages = stages
    this.#events = events
    this.#producers = producers
    this.#watches = watches
    this.#ticksLeft = lastTicks * (1 + world.plan.stages.length)
  }

  /** Runs to the end, or to the first failure. */
  async run(): Promise<void> {
    const world = this.#world
    const stepWatches = this.#watches.filter(({ watch }) => watch.onStep !== undefined)
    while (world.failures.length === 0) {
      world.step++
      world.trace.at(world.step, world.nowMs)
      if (this.#events.beforeStep() === 'happened') await turn()
      const choice = this.#choose()
      if (choice === undefined) {
        if (this.#isAtRest()) return
        continue
      }
      await choice.go()
      // All that runs now waits for calls alone: when it has run, everything waits again.
      await turn()
      for (const { name, watch } of stepWatches) {
        const said = watch.onStep?.()
        if (said !== undefined) world.fail(name, said)
      }
      if (world.step === world.climate.faultySteps) this.#heal()
      if (world.isHealed && (await this.#isEndless())) return this.#tellWhatIsLeft()
    }
  }

  /** What is done again and again allows no more steps: a message that was dealt with before counts once. */
  async #isEndless(): Promise<boolean> {
    const { step, progressStep, cloud, plan } = this.#world
    const futile = step - Math.max(progressStep, this.#healedAt)
    if (futile > stepsWithoutProgress && futile > stepsWithoutProgress + stepsPerRacing * this.#racing()) return true
    if (step - this.#healedAt <= this.#mostSteps) return false
    // An operator may make many messages of a record.
    const totals = await stageTotals(cloud, plan)
    const messages = totals.reduce((sum, { log }) => sum + log.messages, 0)
    this.#mostSteps = stepsFor(this.#producers.total * plan.stages.length + messages)
    return step - this.#healedAt > this.#mostSteps
  }

  #racing(): number {
    return new Set(this.#world.parked.map(({ invocation }) => invocation)).size
  }

  #heal(): void {
    const world = this.#world
    if (world.isHealed) return
    world.dice.isHealed = true
    this.#healedAt = world.step
    this.#mostSteps = stepsFor(this.#producers.total * world.plan.stages.length)
    world.trace.note('healed', '')
    world.trace.tell(() => 'no more faults')
    world.happen(() => ({ kind: 'healed' }))
    for (const { running } of world.processes) if (running !== undefined) running.deadlineMs = Infinity
    // Shards that were opened after the end do not know of it.
    if (this.#producers.hasEnded) this.#producers.end()
  }

  /** Nothing may happen: goes on to the next part of the run. Answers whether there is none. */
  #isAtRest(): boolean {
    const producers = this.#producers
    if (!producers.isDone) producers.push()
    else if (!producers.hasEnded) producers.end()
    else if (!this.#world.isHealed) this.#heal()
    else if (this.#ticksLeft > 0) {
      this.#ticksLeft--
      this.#events.passMs(tickMs)
      this.#events.tick()
    } else return true
    return false
  }

  #choose(): Choice | undefined {
    const world = this.#world
    const { push, start, zombie, late } = world.climate.paces
    const choices: Choice[] = []
    let total = 0
    const add = (weight: number, go: Choice['go']): void => {
      choices.push({ weight, go })
      total += weight
    }
    let held: ParkedCall | undefined
    for (const parked of world.parked) {
      const { invocation } = parked
      if (!invocation.isAwake) {
        if (parked.answer === undefined && !parked.isDecided) add(late, () => this.#arrive(parked))
        continue
      }
      if (parked.notBefore > world.step && !world.isHealed) {
        held ??= parked
        continue
      }
      add(invocation.isZombie ? zombie : 1, () => resume(world, parked))
    }
    for (const effect of world.late) add(late, () => this.#takeEffect(effect))
    for (const { name } of world.plan.stages) {
      for (const shard of this.#stages.ready(name)) add(start, () => this.#stages.serve(name, shard))
    }
    if (!this.#producers.isDone) add(push, () => this.#producers.push())
    if (choices.length === 0 && held !== undefined) {
      const waiting = held
      add(1, () => resume(world, waiting))
    }
    if (choices.length === 0) return undefined
    let at = world.random.next() * total
    for (const choice of choices) {
      at -= choice.weight
      if (at < 0) return choice
    }
    return choices[choices.length - 1]
  }

  async #takeEffect(effect: World['late'][number]): Promise<void> {
    const world = this.#world
    world.late.splice(world.late.indexOf(effect), 1)
    world.trace.note('arrives late', '')
    world.trace.tell(() => `${effect.text} takes effect late`)
    await effect.go()
  }

  async #arrive(parked: ParkedCall): Promise<void> {
    const world = this.#world
    world.trace.note('arrives', parked.operation, parked.number)
    world.trace.tell(() => `${nameOf(parked.invocation)} ${parked.operation} takes effect, its process stands still`)
    parked.isDecided = true
    await arrive(parked)
  }

  #tellWhatIsLeft(): void {
    const world = this.#world
    const calls = world.parked.map(({ invocation, operation }) => `${nameOf(invocation)} ${operation}`)
    const shards = world.plan.stages.flatMap(({ name }) =>
      this.#stages.ready(name).map(shard => `${name} has records left in ${shard}`),
    )
    const left = [...calls.slice(0, 5), ...shards.slice(0, 5)].join(', ')
    const said = world.lastError instanceof Error ? `, last error "${world.lastError.message}"` : ''
    world.fail('convergence', `not at rest ${world.step - this.#healedAt} steps after the last fault: ${left}${said}`)
  }
}

const turn = (): Promise<void> =>
  new Promise(resolve => {
    setImmediate(resolve)
  })

const stepsFor = (messages: number): number => stepsAtLeast + stepsPerMessage * messages
