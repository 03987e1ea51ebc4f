import { open, rename, rm } from 'node:fs/promises'

/** What is generated: the same count and seed give the same bytes on any machine. */
export type OrdersSpec = {
  /** Lines in all, malformed ones included: a whole number of 0 or more. */
  readonly count: number
  /** Any safe integer. */
  readonly seed: number
}

export type WriteOrdersSpec = OrdersSpec & {
  /** Told after each block with the lines and bytes written so far. */
  readonly onProgress?: (written: OrdersWritten) => void
}

export type OrdersWritten = { readonly lines: number; readonly bytes: number }

/** Lines in a block; exactly one line of each whole block is malformed. */
export const blockLines = 5_000

/** No line is more than this behind the greatest timestamp before it. */
export const maximumDisorderMs = 5_000

const clients = 100
const symbols = 100
const shareOutOfOrder = 0.05
const firstSecondMs = Date.UTC(2016, 2, 22, 20, 25, 28)
/** Trades a second of event time. Out-of-order lines move to earlier seconds, so the promised 100 to 1,000 needs room at both ends. */
const rateBounds = { lowest: 130, start: 400, highest: 950 } as const
const priceBoundsCents = { lowest: 100, highest: 100_000 } as const

/**
 * Trades as CSV lines, `timestamp,orderId,clientId,symbol,amount,price,B|S`, in blocks of 5,000 lines that each end with a
 * newline. Pure: a smaller count gives the beginning of the bytes of a greater one with the same seed.
 *
 * Throws a RangeError, before the first block, for a count or seed that is not a whole number.
 *
 * ```ts
 * const [block] = generateOrders({ count: 2, seed: 7 })
 * ```
 */
export function generateOrders({ count, seed }: OrdersSpec): Generator<Buffer, void, undefined> {
  if (!Number.isSafeInteger(count) || count < 0) {
    throw new RangeError(`Cannot generate orders: count ${count} is not a whole number of 0 or more`)
  }
  if (!Number.isSafeInteger(seed)) throw new RangeError(`Cannot generate orders: seed ${seed} is not a whole number`)
  return blocksOf(count, randomOf(seed))
}

/**
 * Writes generated orders to a file. The file appears under its name complete or not at all: a crash leaves at most the
 * partial file beside it, and the next run starts over. Rejects with the file system's error, e.g. on a full disk.
 */
export async function writeOrders(path: string, { onProgress, ...spec }: WriteOrdersSpec): Promise<OrdersWritten> {
  const blocks = generateOrders(spec)
  const partial = `${path}.${process.pid}.partial`
  let written: OrdersWritten = { lines: 0, bytes: 0 }
  try {
    const file = await open(partial, 'w')
    try {
      for (const block of blocks) {
        await file.appendFile(block)
        written = { lines: Math.min(written.lines + blockLines, spec.count), bytes: written.bytes + block.length }
        onProgress?.(written)
      }
    } finally {
      await file.close()
    }
    await rename(partial, path)
  } catch (error) {
    await rm(partial, { force: true })
    throw error
  }
  return written
}

function* blocksOf(count: number, random: Random): Generator<Buffer, void, undefined> {
  const clock = new EventClock(random)
  const market = new Market(random)
  const firstKind = below(random, malformations.length)
  for (let done = 0; done < count; done += blockLines) {
    const malformedAt = below(random, blockLines)
    const malform = malformations[(firstKind + done / blockLines) % malformations.length]!
    const lines = Math.min(blockLines, count - done)
    let text = ''
    for (let i = 0; i < lines; i++) {
      const line = `${clock.nextTimestamp()},${done + i + 1},${market.nextTrade()}`
      text += i === malformedAt ? malform(line.split(','), random) : line
      text += '\n'
    }
    // Latin-1, so that a malformed line can hold any byte; all others are ASCII
    yield Buffer.from(text, 'latin1')
  }
}

/** Timestamps of successive lines: whole seconds, each with as many lines as the drifting rate says. */
class EventClock {
  readonly #random: Random
  #nowMs = firstSecondMs
  #rate: number = rateBounds.start
  #linesLeft: number = rateBounds.start
  /** The present second and the five before it, newest first. Before the first second there is none, hence no line. */
  readonly #recent: string[] = Array.from({ length: maximumDisorderMs / 1_000 + 1 }, () => timestampOf(firstSecondMs))

  constructor(random: Random) {
    this.#random = random
  }

  nextTimestamp(): string {
    if (this.#linesLeft === 0) this.#nextSecond()
    this.#linesLeft--
    const secondsBehind = chance(this.#random, shareOutOfOrder) ? 1 + below(this.#random, this.#recent.length - 1) : 0
    return this.#recent[secondsBehind]!
  }

  #nextSecond(): void {
    this.#nowMs += 1_000
    this.#recent.pop()
    this.#recent.unshift(timestampOf(this.#nowMs))
    // Only + - * /, which are exact everywhere: Math.exp may differ between machines
    const factor = 1 + fraction(this.#random) * 0.1
    const drifted = chance(this.#random, 0.5) ? this.#rate * factor : this.#rate / factor
    this.#rate = clamp(drifted, rateBounds.lowest, rateBounds.highest)
    this.#linesLeft = Math.round(this.#rate)
  }
}

/** Who trades what at which price. */
class Market {
  readonly #random: Random
  readonly #symbols: readonly string[]
  readonly #priceCents: number[]
  /** The symbol of each of 65,536 equally likely draws, by Zipf's law: the n-th symbol has 1/n of the first one's share. */
  readonly #popularity = zipf(symbols, 0x10000)

  constructor(random: Random) {
    this.#random = random
    this.#symbols = drawSymbols(random)
    this.#priceCents = this.#symbols.map(() => 500 + Math.floor(50_000 * fraction(random) * fraction(random)))
  }

  /** The columns from `clientId` on. */
  nextTrade(): string {
    const random = this.#random
    const client = 1 + below(random, clients)
    const symbol = this.#popularity[random() >>> 16]!
    const amount = 1 + below(random, 1_000)
    const cents = this.#nextPriceCents(symbol)
    const side = chance(random, 0.5) ? 'B' : 'S'
    return `${client},${this.#symbols[symbol]},${amount},${Math.floor(cents / 100)}.${twoDigits[cents % 100]},${side}`
  }

  #nextPriceCents(symbol: number): number {
    const now = this.#priceCents[symbol]!
    const widest = Math.max(1, Math.floor(now / 1_000))
    const step = below(this.#random, 2 * widest + 1) - widest
    const next = clamp(now + step, priceBoundsCents.lowest, priceBoundsCents.highest)
    this.#priceCents[symbol] = next
    return next
  }
}

type Malform = (columns: readonly string[], random: Random) => string

/**
 * The ways a line is malformed, taken in turn, one a block: a file of as many blocks as there are ways shows them all. None
 * holds a quote, which CSV readers take differently, nor a NUL, by which a whole file is taken for binary.
 */
const malformations: readonly Malform[] = [
  function missingColumn(columns, random) {
    return columns.toSpliced(below(random, columns.length), 1).join(',')
  },
  function extraColumn(columns, random) {
    const at = below(random, columns.length)
    return columns.toSpliced(at, 0, columns[at]!).join(',')
  },
  function lettersInAmount(columns) {
    return columns.with(4, `${columns[4]}x`).join(',')
  },
  function impossibleDate(columns) {
    return columns.with(0, columns[0]!.replace(/^(\d+)-\d\d-\d\d/, '$1-02-30')).join(',')
  },
  function emptyLine() {
    return ''
  },
  function unknownSide(columns, random) {
    return columns.with(6, pick(random, ['X', '', 'b', 'BS'])).join(',')
  },
  function binaryJunk(_columns, random) {
    return binaryOf(8 + below(random, 57), random)
  },
  function truncated(columns, random) {
    const line = columns.join(',')
    return line.slice(0, 1 + below(random, line.length - 1))
  },
  function impossibleHour(columns) {
    return columns.with(0, columns[0]!.replace(/ \d\d/, ' 24')).join(',')
  },
  function otherTimestampFormat(columns) {
    return columns.with(0, columns[0]!.replaceAll('-', '/')).join(',')
  },
  function amountNotWhole(columns) {
    return columns.with(4, `${columns[4]}.5`).join(',')
  },
  function priceMissing(columns) {
    return columns.with(5, '').join(',')
  },
  function clientNotANumber(columns) {
    return columns.with(2, `client ${columns[2]}`).join(',')
  },
  function symbolNotUtf8(columns) {
    // Latin-1 for "é" before a comma: a sequence that UTF-8 never finishes
    return columns.with(3, 'CAF\xe9').join(',')
  },
  function otherSeparator(columns) {
    return columns.join(';')
  },
]

/** Bytes that are never UTF-8, as Latin-1: 0xFF first, then any but those that end a line, separate, quote or are NUL. */
function binaryOf(length: number, random: Random): string {
  let text = '\xff'
  while (text.length < length) {
    const character = String.fromCharCode(below(random, 256))
    if (!'\n\r,"\0'.includes(character)) text += character
  }
  return text
}

/** A whole number from 0 to 2^32 - 1, each equally likely. */
type Random = () => number

/** The generator sfc32 of PractRand: 128 bits of state, fast in 32-bit arithmetic. */
function randomOf(seed: number): Random {
  let a = seed >>> 0
  let b = Math.floor(seed / 0x1_0000_0000) >>> 0
  let c = 0x9e3779b9
  let counter = 1
  const next = () => {
    const result = (a + b + counter) >>> 0
    counter = (counter + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = ((c << 21) | (c >>> 11)) + result
    return result
  }
  // As its author does: the first results show the seed's bits
  for (let i = 0; i < 15; i++) next()
  return next
}

const fraction = (random: Random): number => random() / 0x1_0000_0000
const below = (random: Random, bound: number): number => Math.floor(fraction(random) * bound)
const chance = (random: Random, share: number): boolean => fraction(random) < share
const pick = (random: Random, choices: readonly string[]): string => choices[below(random, choices.length)]!

function drawSymbols(random: Random): string[] {
  const drawn = new Set<string>()
  while (drawn.size < symbols) {
    drawn.add(String.fromCharCode(65 + below(random, 26), 65 + below(random, 26), 65 + below(random, 26)))
  }
  return [...drawn]
}

function zipf(ranks: number, slots: number): Uint8Array {
  const weights = Array.from({ length: ranks }, (_, rank) => 1 / (rank + 1))
  const total = weights.reduce((sum, weight) => sum + weight)
  const table = new Uint8Array(slots)
  let cumulated = 0
  let from = 0
  weights.forEach((weight, rank) => {
    cumulated += weight
    const to = rank === ranks - 1 ? slots : Math.round((cumulated / total) * slots)
    table.fill(rank, from, to)
    from = to
  })
  return table
}

const twoDigits: readonly string[] = Array.from({ length: 100 }, (_, n) => String(n).padStart(2, '0'))
const timestampOf = (timeMs: number): string => new Date(timeMs).toISOString().slice(0, 19).replace('T', ' ')
const clamp = (value: number, lowest: number, highest: number): number => Math.min(Math.max(value, lowest), highest)
