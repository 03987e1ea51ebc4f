import type { Samples } from 'millrace/testing'

const symbols = ['EPE', 'XYZ', 'MILL', 'A B']

/** What the simulator feeds the pipeline: trades a second apart, some of them internal, and now and then a line that is none. */
export const samples = {
  *test(random, count) {
    for (let i = 0; i < count; i++) {
      if (random.below(40) === 0) {
        yield `${i},yesterday,1,EPE,B,1,1,,N,`
        continue
      }
      const time = new Date(Date.UTC(2026, 0, 1) + i * 1_000).toISOString()
      const fee = random.below(3) === 0 ? '' : `${random.below(9)}.${random.below(10)}`
      const memo = random.below(4) === 0 ? `"said ""${i}"", twice"` : ''
      const internal = random.below(5) === 0 ? 'Y' : 'N'
      const price = `${random.below(500)}.${random.below(10_000)}`
      yield `${i},${time},${random.below(99)},${random.pick(symbols)},${random.pick(['B', 'S'])},${random.below(900)},${price},${fee},${internal},${memo}`
    }
  },
} satisfies Samples
