import { mkdir, open, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { type EventKind, EventMaker, eventKinds } from './event-maker.ts'

/** What is generated: the same spec gives the same bytes on any machine. */
export type NexmarkSpec = {
  /** Persons, auctions and bids together, one to three to forty-six: a whole number of 0 or more. */
  readonly events: number
  /** Any safe integer of 0 or more. */
  readonly seed: number
  /** Events in a second of event time. @default 1000 */
  readonly rate?: number
  /** Each event comes by up to this much later than it happened, so that no event is as far behind one before it. @default 0 */
  readonly outOfOrderMs?: number
}

export type WriteNexmarkSpec = NexmarkSpec & {
  /** Told after each block with what was written so far. */
  readonly onProgress?: (written: NexmarkWritten) => void
}

export type NexmarkWritten = { readonly events: number; readonly bytes: number }

/** Lines of one of the three streams, each with its newline. */
export type NexmarkBlock = { readonly kind: EventKind; readonly events: number; readonly bytes: Buffer }

export const defaultRate = 1_000
const blockCharacters = 1 << 18

/**
 * The events of an auction house as JSON lines, in blocks of whole lines, in the proportions and with the distributions of the
 * Nexmark project: hot sellers, bidders, auctions and channels, prices by the power of ten. Throws a RangeError, before the first block,
 * for numbers that are not whole or too small.
 *
 * ```ts
 * const [block] = generateNexmark({ events: 50, seed: 1 })
 * ```
 */
export function generateNexmark(spec: NexmarkSpec): Generator<NexmarkBlock, void, undefined> {
  const { events, seed, rate = defaultRate, outOfOrderMs = 0 } = spec
  for (const [name, value, least] of [
    ['events', events, 0],
    ['seed', seed, 0],
    ['rate', rate, 1],
    ['outOfOrderMs', outOfOrderMs, 0],
  ] as const) {
    if (!Number.isSafeInteger(value) || value < least) {
      throw new RangeError(`Cannot generate Nexmark events: ${name} ${value} is not a whole number of ${least} or more`)
    }
  }
  return blocksOf({ events, seed, rate, outOfOrderMs })
}

/**
 * Writes `person.jsonl`, `auction.jsonl` and `bid.jsonl` to a folder, which is made where there is none. The files appear under their
 * names when all are complete: a crash leaves at most partial files beside them. Rejects with the file system's error.
 */
export async function writeNexmark(folder: string, { onProgress, ...spec }: WriteNexmarkSpec): Promise<NexmarkWritten> {
  const blocks = generateNexmark(spec)
  await mkdir(folder, { recursive: true })
  const partial = (kind: EventKind): string => join(folder, `${kind}.jsonl.${process.pid}.partial`)
  let written: NexmarkWritten = { events: 0, bytes: 0 }
  try {
    const files = await Promise.all(eventKinds.map(async kind => [kind, await open(partial(kind), 'w')] as const))
    const fileOf = new Map(files)
    try {
      for (const { kind, events, bytes } of blocks) {
        await fileOf.get(kind)?.appendFile(bytes)
        written = { events: written.events + events, bytes: written.bytes + bytes.length }
        onProgress?.(written)
      }
    } finally {
      for (const [, file] of files) await file.close()
    }
    for (const kind of eventKinds) await rename(partial(kind), join(folder, `${kind}.jsonl`))
  } catch (error) {
    for (const kind of eventKinds) await rm(partial(kind), { force: true })
    throw error
  }
  return written
}

function* blocksOf(spec: Required<NexmarkSpec>): Generator<NexmarkBlock, void, undefined> {
  const maker = new EventMaker(spec.seed, spec.rate)
  const delays = new Delays(spec.outOfOrderMs)
  const blocks = eventKinds.map(kind => ({ kind, text: '', events: 0 }))
  const blockOf = new Map(blocks.map(block => [block.kind, block]))
  const taken = (block: (typeof blocks)[number]): NexmarkBlock => {
    const { kind, events, text } = block
    block.text = ''
    block.events = 0
    // All text is ASCII.
    return { kind, events, bytes: Buffer.from(text, 'latin1') }
  }
  for (let i = 0; i <= spec.events; i++) {
    const event = i < spec.events ? maker.event(i) : undefined
    const arrived = event === undefined ? delays.all() : delays.until(event.timeMs)
    for (const { kind, line } of arrived) {
      const block = blockOf.get(kind)!
      block.text += line
      block.events++
      if (block.text.length >= blockCharacters) yield taken(block)
    }
    if (event !== undefined) delays.put(event, maker.delayMs(spec.outOfOrderMs))
  }
  for (const block of blocks) if (block.events > 0) yield taken(block)
}

type Line = { readonly kind: EventKind; readonly line: string; readonly timeMs: number }

/** Events on their way, by the millisecond in which they come. They are put in the order in which they happen. */
class Delays {
  readonly #places: Line[][]
  #nowMs = Number.NEGATIVE_INFINITY

  constructor(boundMs: number) {
    this.#places = Array.from({ length: Math.max(1, boundMs) }, () => [])
  }

  /** `delayMs` is below the bound. */
  put(event: Line, delayMs: number): void {
    this.#nowMs = event.timeMs
    this.#places[(event.timeMs + delayMs) % this.#places.length].push(event)
  }

  /** Takes out what comes before `timeMs`. */
  *until(timeMs: number): Generator<Line, void, undefined> {
    const { length } = this.#places
    for (let ms = Math.max(this.#nowMs, timeMs - length); ms < timeMs; ms++) yield* this.#taken(ms % length)
  }

  *all(): Generator<Line, void, undefined> {
    yield* this.until(this.#nowMs + this.#places.length)
  }

  *#taken(place: number): Generator<Line, void, undefined> {
    const lines = this.#places[place]
    if (lines.length === 0) return
    this.#places[place] = []
    yield* lines
  }
}
