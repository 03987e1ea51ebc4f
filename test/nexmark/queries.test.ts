import { testAgainstOracle } from './against-oracle.ts'

// Few events, for the suite: `queries-large.test.ts` has 100,000.
testAgainstOracle('5,000 Nexmark events in order', { events: 5_000, seed: 1, rate: 100 })
testAgainstOracle('10,000 Nexmark events within 4 s of order', {
  events: 10_000,
  seed: 2,
  rate: 100,
  outOfOrderMs: 4_000,
})
