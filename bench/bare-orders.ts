import { isUtf8 } from 'node:buffer'
import { closeSync, openSync, readSync } from 'node:fs'

/**
 * The yardstick of the orders benchmark: what one core does when one loop, written by hand for these four views and this
 * format, reads, parses and aggregates the file. No engine, no shuffle, no commits, nothing survives a crash.
 *
 * Plain JavaScript as one would write it with care: blocks as Latin-1 text, lines and columns found with `indexOf`, the
 * timestamp's minute remembered from the line before, sums in Maps, an hour's window put together from its twelve slices
 * at the end. It takes and refuses the same lines as the pipeline; a test compares it to the oracle.
 */
export type BareOrders = {
  /** Lines, malformed ones included. */
  readonly records: number
  readonly malformed: number
  readonly views: OrdersViews
  /** From opening the file to finished views. */
  readonly seconds: number
}

/** A window in epoch milliseconds, `[start, end)`. */
export type WindowBounds = { readonly start: number; readonly end: number }

/** The four views of the orders pipeline, each sorted by window start, rank and key. */
export type OrdersViews = {
  /** Trades per side per tumbling minute. */
  readonly sides: readonly { readonly key: string; readonly window: WindowBounds; readonly value: number }[]
  /** Trades per side. */
  readonly totals: readonly { readonly key: string; readonly value: number }[]
  /** The 5 clients with the highest sum of amount x price. */
  readonly topClients: readonly { readonly rank: number; readonly key: number; readonly value: number }[]
  /** For each hour-long window hopping by 5 minutes that holds a trade, the 5 symbols with the highest sum of amounts. */
  readonly topSymbols: readonly {
    readonly window: WindowBounds
    readonly rank: number
    readonly key: string
    readonly value: number
  }[]
}

const blockBytes = 1024 * 1024
const minuteMs = 60_000
const sliceMs = 5 * minuteMs
const slicesPerWindow = 12
const topSize = 5

/** Evaluates an orders file. Throws the file system's error for a file that cannot be read. */
export function bareOrders(path: string): BareOrders {
  const startedMs = performance.now()
  const tally = new Tally()
  let records = 0
  let malformed = 0
  forEachText(path, text => {
    let start = 0
    while (start < text.length) {
      let next = text.indexOf('\n', start)
      if (next === -1) next = text.length
      const end = next > start && text.charCodeAt(next - 1) === carriageReturn ? next - 1 : next
      records++
      if (!tally.add(text, start, end)) malformed++
      start = next + 1
    }
  })
  const views = tally.views()
  return { records, malformed, views, seconds: (performance.now() - startedMs) / 1_000 }
}

/** Reads a file in blocks and hands them on as Latin-1 text, cut after the last newline, without the byte order mark. */
function forEachText(path: string, use: (text: string) => void): void {
  const file = openSync(path, 'r')
  try {
    let buffer = Buffer.allocUnsafe(blockBytes)
    let held = 0
    let isStart = true
    for (;;) {
      const read = readSync(file, buffer, held, buffer.length - held, null)
      const filled = held + read
      const end = read === 0 ? filled : buffer.subarray(0, filled).lastIndexOf(lineFeed) + 1
      if (end > 0) {
        const text = buffer.toString('latin1', 0, end)
        use(isStart && text.startsWith(byteOrderMark) ? text.slice(byteOrderMark.length) : text)
        isStart = false
      }
      if (read === 0) return
      held = filled - end
      buffer.copyWithin(0, end, filled)
      if (held === buffer.length) buffer = Buffer.concat([buffer], 2 * buffer.length)
    }
  } finally {
    closeSync(file)
  }
}

type Sum = { value: number }

class Tally {
  readonly #minutes = new Map<number, { B: number; S: number }>()
  readonly #turnovers = new Map<number, Sum>()
  /** Volume per symbol, the symbol still in Latin-1, for each five minutes. */
  readonly #slices = new Map<number, Map<string, Sum>>()
  readonly #clock = new Clock()

  /** Adds the trade in `text[start, end)`, or returns false when the line is malformed. */
  add(text: string, start: number, end: number): boolean {
    const afterTime = start + timestampLength
    if (afterTime >= end || text.charCodeAt(afterTime) !== comma) return false
    const afterOrder = text.indexOf(',', afterTime + 1)
    const afterClient = text.indexOf(',', afterOrder + 1)
    const afterSymbol = text.indexOf(',', afterClient + 1)
    const afterAmount = text.indexOf(',', afterSymbol + 1)
    const afterPrice = end - 2
    if (afterAmount === -1 || afterPrice <= afterAmount || text.charCodeAt(afterPrice) !== comma) return false
    const side = text.charCodeAt(end - 1)
    if (side !== sideB && side !== sideS) return false

    // A column too few or too many leaves a comma where digits belong, so none of the following lets it pass
    const timeMs = this.#clock.read(text, start)
    const orderId = wholeNumber(text, afterTime + 1, afterOrder)
    const clientId = wholeNumber(text, afterOrder + 1, afterClient)
    const amount = wholeNumber(text, afterSymbol + 1, afterAmount)
    const price = decimal(text, afterAmount + 1, afterPrice)
    if (Number.isNaN(timeMs + orderId + clientId + amount + price)) return false

    const volume = this.#volume(Math.floor(timeMs / sliceMs) * sliceMs, text.slice(afterClient + 1, afterSymbol))
    if (volume === undefined) return false
    volume.value += amount

    const minuteStart = Math.floor(timeMs / minuteMs) * minuteMs
    const minute = this.#minutes.get(minuteStart) ?? put(this.#minutes, minuteStart, { B: 0, S: 0 })
    if (side === sideB) minute.B++
    else minute.S++

    const turnover = this.#turnovers.get(clientId) ?? put(this.#turnovers, clientId, { value: 0 })
    turnover.value += amount * price
    return true
  }

  /** Where a symbol's volume is added, or undefined when the symbol is not UTF-8. */
  #volume(sliceStart: number, symbol: string): Sum | undefined {
    const slice = this.#slices.get(sliceStart)
    const known = slice?.get(symbol)
    if (known !== undefined) return known
    if (!isUtf8(Buffer.from(symbol, 'latin1'))) return undefined
    return put(slice ?? put(this.#slices, sliceStart, new Map<string, Sum>()), symbol, { value: 0 })
  }

  views(): OrdersViews {
    const minutes = [...this.#minutes].sort(([a], [b]) => a - b)
    const sides = minutes.flatMap(([start, counts]) =>
      sideNames
        .filter(key => counts[key] > 0)
        .map(key => ({ key, window: { start, end: start + minuteMs }, value: counts[key] })),
    )
    const totals = sideNames
      .map(key => ({ key, value: minutes.reduce((sum, [, counts]) => sum + counts[key], 0) }))
      .filter(({ value }) => value > 0)
    const windows = [...hourWindows(this.#slices)].sort(([a], [b]) => a - b)
    return {
      sides,
      totals,
      topClients: top(this.#turnovers),
      topSymbols: windows.flatMap(([start, volumes]) => {
        const window: WindowBounds = { start, end: start + slicesPerWindow * sliceMs }
        return top(volumes).map(row => ({ window, ...row }))
      }),
    }
  }
}

/** Volume per symbol, now decoded, for each window that a slice lies in, by the window's start. */
function hourWindows(slices: ReadonlyMap<number, ReadonlyMap<string, Sum>>): Map<number, Map<string, Sum>> {
  const windows = new Map<number, Map<string, Sum>>()
  for (const [sliceStart, volumes] of slices) {
    const decoded = Array.from(volumes, ([symbol, { value }]) => ({
      symbol: Buffer.from(symbol, 'latin1').toString('utf8'),
      value,
    }))
    for (let hop = 0; hop < slicesPerWindow; hop++) {
      const start = sliceStart - hop * sliceMs
      const window = windows.get(start) ?? put(windows, start, new Map<string, Sum>())
      for (const { symbol, value } of decoded) {
        const sum = window.get(symbol) ?? put(window, symbol, { value: 0 })
        sum.value += value
      }
    }
  }
  return windows
}

function put<K, V>(map: Map<K, V>, key: K, value: V): V {
  map.set(key, value)
  return value
}

/** The keys with the greatest sums, ties by key ascending. */
function top<K extends string | number>(sums: ReadonlyMap<K, Sum>): { rank: number; key: K; value: number }[] {
  return Array.from(sums, ([key, { value }]) => ({ key, value }))
    .sort((a, b) => b.value - a.value || (a.key < b.key ? -1 : 1))
    .slice(0, topSize)
    .map(({ key, value }, i) => ({ rank: i + 1, key, value }))
}

/** Reads timestamps `yyyy-MM-dd HH:mm:ss`. Neighbouring lines mostly share the minute, whose time is worked out once. */
class Clock {
  #minuteText = ''
  #minuteStartMs = Number.NaN

  /** Milliseconds since 1970, or NaN for what the calendar or the format does not have. */
  read(text: string, start: number): number {
    if (this.#minuteText === '' || !text.startsWith(this.#minuteText, start)) {
      const minuteText = text.slice(start, start + minuteTextLength)
      const minuteStartMs = minuteStartOf(minuteText)
      if (Number.isNaN(minuteStartMs)) return Number.NaN
      this.#minuteText = minuteText
      this.#minuteStartMs = minuteStartMs
    }
    const tens = text.charCodeAt(start + minuteTextLength) - digit0
    const ones = text.charCodeAt(start + minuteTextLength + 1) - digit0
    if (tens < 0 || tens > 5 || ones < 0 || ones > 9) return Number.NaN
    return this.#minuteStartMs + (10 * tens + ones) * 1_000
  }
}

function minuteStartOf(minuteText: string): number {
  if (!/^\d{4}-\d\d-\d\d ([01]\d|2[0-3]):[0-5]\d:$/.test(minuteText)) return Number.NaN
  const iso = `${minuteText.replace(' ', 'T')}00.000Z`
  const timeMs = Date.parse(iso)
  // Date.parse takes February 30 for March 1
  return !Number.isNaN(timeMs) && new Date(timeMs).toISOString() === iso ? timeMs : Number.NaN
}

/** The whole number in `text[start, end)`: digits with an optional minus. NaN for anything else, or beyond the safe integers. */
function wholeNumber(text: string, start: number, end: number): number {
  const isNegative = text.charCodeAt(start) === minus
  const first = isNegative ? start + 1 : start
  if (first >= end) return Number.NaN
  let value = 0
  for (let i = first; i < end; i++) {
    const digit = text.charCodeAt(i) - digit0
    if (digit < 0 || digit > 9) return Number.NaN
    value = 10 * value + digit
  }
  if (value > Number.MAX_SAFE_INTEGER) return Number.NaN
  return isNegative ? -value : value
}

/** The decimal in `text[start, end)`: digits with an optional minus, and optionally a point and more digits. NaN for anything else. */
function decimal(text: string, start: number, end: number): number {
  const first = text.charCodeAt(start) === minus ? start + 1 : start
  let digits = 0
  let scale = 0
  for (let i = first; i < end; i++) {
    const code = text.charCodeAt(i)
    const digit = code - digit0
    if (digit >= 0 && digit <= 9) {
      digits = 10 * digits + digit
      scale *= 10
    } else if (code === point && scale === 0 && i > first && i < end - 1) {
      scale = 1
    } else {
      return Number.NaN
    }
  }
  if (first >= end) return Number.NaN
  // Both exact, so that their quotient is the nearest number, as Number() gives it
  if (digits > Number.MAX_SAFE_INTEGER || scale > 1e22) return Number(text.slice(start, end))
  const value = scale > 1 ? digits / scale : digits
  return first > start ? -value : value
}

const sideNames = ['B', 'S'] as const
const byteOrderMark = '\xef\xbb\xbf'
const timestampLength = 'yyyy-MM-dd HH:mm:ss'.length
const minuteTextLength = 'yyyy-MM-dd HH:mm:'.length
const lineFeed = 0x0a
const carriageReturn = 0x0d
const comma = 0x2c
const minus = 0x2d
const point = 0x2e
const digit0 = 0x30
const sideB = 0x42
const sideS = 0x53
