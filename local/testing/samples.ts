/**
 * Random numbers of a seed, as a sample generator is given them. Use no others, and no clock: the same seed must give the same
 * records on any machine, or a failing seed cannot be run again.
 */
export type SampleRandom = {
  /** From 0, below 1. */
  next(): number
  /** A whole number from 0, below `count`. */
  below(count: number): number
  /** A whole number from `least` to `most`, both included. */
  between(least: number, most: number): number
  /** True in this share of cases. */
  chance(share: number): boolean
  pick<T>(choices: readonly T[]): T
}

/** Records as a producer puts them, in their order: texts are put as UTF-8. */
export type SampleRecords = Iterable<string | Uint8Array>

/**
 * What the simulator feeds a pipeline: for each source a function that makes about `count` records, more or fewer. A pipeline's module
 * exports it as `samples` beside the pipeline; a source without one needs records from a file.
 *
 * Records may be malformed, may make a function throw, and may be out of order. Those that are further behind than the source's
 * `outOfOrder` are late: then the simulator can check less, as it depends on the run which of them are taken.
 *
 * @example
 * export const samples: Samples = {
 *   trades: (random, count) => Array.from({ length: count }, (_, i) => JSON.stringify({ at: i * 10, side: random.pick(['B', 'S']) })),
 * }
 */
export type Samples = { readonly [source: string]: (random: SampleRandom, count: number) => SampleRecords }
