import type { PutOutcome } from '../../shared/ports/streams.ts'
import type { Drawn } from './dice.ts'
import { type CallFault, faultsOf } from './fault-kinds.ts'
import type { ParkedCall } from './parked-call.ts'
import type { Random } from './random.ts'
import { SimulatedFault } from './simulated-fault.ts'
import { nameOf, shardNumber, type World } from './world.ts'

/** A call's turn has come: it takes effect and is answered, or something goes wrong. */
export async function resume(world: World, parked: ParkedCall): Promise<void> {
  if (!parked.isDecided) {
    parked.isDecided = true
    const { invocation, operation } = parked
    const place = `${invocation.process.stage} ${shardNumber(invocation.shard)} ${operation}`
    const drawn = world.dice.roll(place, faultsOf[operation])
    if (drawn !== undefined) {
      world.suffer(drawn, `${nameOf(invocation)} ${operation}, call ${parked.number}`)
      return go(world, parked, drawn)
    }
  }
  if (parked.arrivesAgain) await parked.again()
  else if (parked.answer === undefined) await parked.perform()
  world.answer(parked)
}

/** A call of a process that stands still: its request arrives, its answer waits there. */
export async function arrive(parked: ParkedCall): Promise<void> {
  await parked.perform()
}

async function go(world: World, parked: ParkedCall, { kind, random }: Drawn<CallFault>): Promise<void> {
  const { invocation, operation } = parked
  const place = `${operation} of ${nameOf(invocation)}`
  const reject = (why: string): void => {
    parked.answer = { error: new SimulatedFault(`${why}: ${place}`) }
    world.answer(parked)
  }
  switch (kind) {
    case 'lostRequest':
      return reject('The request was lost')
    case 'lostAnswer':
      if (parked.divisible > 1 && random.chance(0.5)) await parked.performSome(random)
      else await parked.perform()
      return reject('The answer was lost')
    case 'lateEffect':
      world.delay(parked)
      return reject('The request is late')
    case 'throttled':
      if (parked.call.method !== 'putRecords') return reject('ThrottlingException')
      parked.answer = { value: parked.call.args[1].map(() => refused) }
      return world.answer(parked)
    case 'inPart':
      if (parked.call.method !== 'putRecords' || random.chance(0.5)) return parked.performSome(random)
      await parked.acceptSome(random)
      return world.answer(parked)
    case 'disorder':
      await parked.perform(random)
      return world.answer(parked)
    case 'repeated':
      parked.arrivesAgain = true
      return parked.perform()
    case 'torn':
      parked.notBefore = world.step + random.below(random.pick([10, 100, 1_000]))
      return parked.readBefore()
    case 'staleList':
      parked.answer = { value: olderList(world, parked, random) }
      return world.answer(parked)
    case 'slow':
      world.nowMs += random.below(random.pick([20, 1_000, 30_000]))
      return
    case 'crash':
      if (random.chance(0.5)) await parked.perform()
      return world.kill(invocation.process, random, `The process died: ${place}`)
    case 'zombie':
    case 'frozen':
      world.giveUp(invocation, kind, `The invocation took too long: ${place}`)
      parked.notBefore = world.step + random.below(random.pick([10, 100, 1_000]))
      if (random.chance(0.5)) await parked.perform()
      return
  }
}

const refused: PutOutcome = { kind: 'refused', reason: 'ProvisionedThroughputExceededException' }

function olderList(world: World, { call }: ParkedCall, random: Random): unknown {
  const stream = call.method === 'listShards' ? call.args[0] : ''
  const former = world.formerShards.get(stream) ?? []
  return former.length === 0 ? world.cloud.streams.describe(stream) : random.pick(former)
}
