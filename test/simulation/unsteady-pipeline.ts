import { pipeline, utf8 } from 'millrace'
import type { Samples } from 'millrace/testing'

let calls = 0

/** Its key is another one each time that it is asked: nothing that the simulator could vouch for. */
export const unsteady = pipeline('unsteady', ({ source }) => ({
  counts: source('lines', { codec: utf8 })
    .keyBy('key', () => `k${calls++ % 7}`)
    .count('lines'),
}))

export const samples: Samples = {
  lines: (random, count) => Array.from({ length: count + 1 }, () => `line ${random.below(10)}`),
}
