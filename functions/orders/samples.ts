import type { Samples } from 'millrace/testing'
import { generateOrders } from './generate.ts'

const lineFeed = 0x0a

/** What the simulator feeds the pipeline: generated trades, lines out of order and malformed ones included. */
export const samples = {
  *trades(random, count) {
    for (const block of generateOrders({ count, seed: random.below(2 ** 32) })) {
      for (let start = 0; start < block.length; ) {
        const end = block.indexOf(lineFeed, start)
        yield block.subarray(start, end)
        start = end + 1
      }
    }
  },
} satisfies Samples
