import type { Samples } from 'millrace/testing'

/** Few words, so that they repeat, with what cuts words in texts. */
const words = ['mill', 'water', 'wheel', 'River', 'bends', "miller's", 'hum-like', 'über', '1848', 'the', 'a']
const breaks = [' ', ', ', '. ', ' - ', '\t']

/** What the simulator feeds the pipeline: lines of a few words, empty ones included. */
export const samples = {
  *lines(random, count) {
    for (let i = 0; i < count; i++) {
      let line = ''
      for (let left = random.below(7); left > 0; left--) {
        // The product of two draws is small more often than not: some words are frequent.
        line += words[Math.floor((random.below(1_000) * random.below(1_000) * words.length) / 1_000_000)]
        line += breaks[random.below(breaks.length)]
      }
      yield line
    }
  },
} satisfies Samples
