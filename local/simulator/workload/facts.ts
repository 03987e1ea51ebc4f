import type { Random } from '../random.ts'
import { type Fact, unluckyAmount } from './fact.ts'
import type { TimedRecord } from './producer-habits.ts'

export type FactsSpec = {
  readonly count: number
  /** How far behind the latest record one may be and still be in time, in milliseconds. */
  readonly outOfOrderMs: number
  /** Some are further behind. */
  readonly isLate: boolean
  /** Some are no JSON, or have no event time. */
  readonly isMalformed: boolean
  /** Some make functions throw. */
  readonly isUnlucky: boolean
}

const firstMs = 1_000

/** Records of a source: a few users have most of them, event time goes in small steps with a jump now and then. */
export function factsOf(random: Random, spec: FactsSpec): TimedRecord[] {
  const users = random.between(2, 12)
  const kinds = random.between(2, 8)
  const stepMs = random.pick([1, 5, 12])
  const records: TimedRecord[] = []
  let clock = firstMs + random.below(1_000)
  let at = 0
  for (let id = 0; id < spec.count; id++) {
    const isJump = random.chance(0.01)
    clock += isJump ? random.between(200, 4_000) : random.below(stepMs + 1)
    at += isJump ? random.between(100, 60_000) : random.below(20)
    const behind = random.below(spec.outOfOrderMs + 1)
    const tooFar = spec.isLate && random.chance(0.06) ? 1 + random.below(random.pick([20, 300, 3_000])) : 0
    const fact: Fact = {
      id,
      at: clock - (tooFar > 0 ? spec.outOfOrderMs + tooFar : behind),
      // The product of two draws is small more often than not.
      user: `u${Math.floor(random.next() * random.next() * users)}`,
      kind: `k${random.below(kinds)}`,
      amount: random.chance(0.2) ? random.below(100) / 10 : random.below(40),
    }
    const record = { at, partitionKey: `${fact.user}-${random.below(4)}`, data: bytesOf(random, fact, spec) }
    records.push({ record, earliest: fact.at, latest: fact.at })
  }
  return records
}

function bytesOf(random: Random, fact: Fact, { isMalformed, isUnlucky }: FactsSpec): Uint8Array {
  if (isMalformed && random.chance(0.03)) return malformed(random, fact)
  if (isUnlucky && random.chance(0.04)) return Buffer.from(JSON.stringify(unlucky(random, fact)))
  return Buffer.from(JSON.stringify(fact))
}

function malformed(random: Random, fact: Fact): Uint8Array {
  return random.pick([
    Buffer.from(JSON.stringify(fact).slice(0, -1 - random.below(10))),
    Buffer.from(JSON.stringify({ ...fact, at: 'noon' })),
    Buffer.from(JSON.stringify({ ...fact, at: fact.at + 0.5 })),
    Buffer.of(0xff, 0xfe, random.below(256)),
    Buffer.alloc(0),
  ])
}

function unlucky(random: Random, fact: Fact): object {
  const { user: _user, ...nobody } = fact
  return random.pick([{ ...fact, amount: unluckyAmount }, nobody])
}
