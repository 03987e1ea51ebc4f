import { testAgainstOracle } from './against-oracle.ts'

// Takes a minute or two, so it runs only when it is named.
testAgainstOracle('100,000 Nexmark events in order', { events: 100_000, seed: 3 })
testAgainstOracle('100,000 Nexmark events within 4 s of order', { events: 100_000, seed: 4, outOfOrderMs: 4_000 })

// At an event a second they reach into a second day, and into all hours.
testAgainstOracle('100,000 Nexmark events of two days', { events: 100_000, seed: 5, rate: 1, outOfOrderMs: 4_000 }, [
  'q10',
  'q14',
  'q15',
  'q16',
  'q17',
])
