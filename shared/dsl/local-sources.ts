import type { Codec } from '../codecs/codec.ts'
import { json } from '../codecs/json.ts'
import { ConfigurationError } from '../model/errors.ts'

/** A row of a rate source. */
export type RateRow = {
  /** When it was made, epoch milliseconds. */
  readonly timestamp: number
  /** Rows before it. */
  readonly value: number
}

/** How fast a rate source counts. */
export type RateOptions = {
  /** Rows a second, above 0. @default 1 */
  readonly perSecond?: number
}

/** Rows that `millrace dev` makes. */
export type RateOrigin<T = RateRow> = {
  readonly kind: 'rate'
  readonly perSecond: number
  /** How rows are kept unless the source says it. */
  readonly values: Codec<T>
}

/**
 * Rows that count, for `from` of a source while a program is tried out, as Spark's rate source: `millrace dev` makes them as time passes,
 * and counts on where it ended. It cannot be deployed; `drive`, `run` and `simulate` are given its records as those of any source.
 *
 * @example
 * const ticks = pipeline('ticks', ({ source }) => {
 *   const rows = source('rows', { from: rate({ perSecond: 10 }), eventTime: row => row.timestamp })
 *   return { tens: rows.keyBy('ten', row => row.value % 10).count('per-digit') }
 * })
 */
export function rate({ perSecond = 1 }: RateOptions = {}): RateOrigin {
  if (!(perSecond > 0 && perSecond <= mostPerSecond)) {
    throw new ConfigurationError(
      `Cannot count rows: there are ${perSecond} a second, expected a number above 0 up to ${mostPerSecond}`,
    )
  }
  return Object.freeze({ kind: 'rate', perSecond, values: json<RateRow>() })
}

/** More than one machine makes. */
const mostPerSecond = 1_000_000

/** Where a socket source connects. */
export type SocketOptions = {
  /** 1 to 65,535. */
  readonly port: number
  /** @default '127.0.0.1' */
  readonly host?: string
}

/** Lines that `millrace dev` reads from a server. */
export type SocketOrigin = { readonly kind: 'socket'; readonly host: string; readonly port: number }

/**
 * Lines that a TCP server sends, for `from` of a source while a program is tried out, as Spark's and Flink's socket sources: `millrace dev`
 * connects and puts each line on the source's stream, where it counts once. What the server sent while nobody was connected is lost.
 * It cannot be deployed; `drive`, `run` and `simulate` are given its records as those of any source.
 *
 * @example
 * const words = pipeline('words', ({ source }) => {
 *   const lines = source('lines', { codec: utf8, from: socket({ port: 9999 }) })
 *   return { counts: lines.flatMap(line => line.split(' ')).keyBy('word', word => word).count('counts') }
 * })
 */
export function socket({ port, host = '127.0.0.1' }: SocketOptions): SocketOrigin {
  if (!Number.isInteger(port) || port < 1 || port > 65_535) {
    throw new ConfigurationError(`Cannot read a socket: the port is ${port}, expected a whole number of 1 to 65535`)
  }
  return Object.freeze({ kind: 'socket', host, port })
}
