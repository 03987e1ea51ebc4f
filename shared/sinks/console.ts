import type { Codec } from '../codecs/codec.ts'
import { json } from '../codecs/json.ts'
import type { Sink } from './sink.ts'

export type ConsoleSinkOptions<T> = {
  /** Writes text. @default json() */
  readonly codec?: Codec<T>
  /** What each line begins with, e.g. `order `. @default '' */
  readonly prefix?: string
  /** Takes a line, without its line break. @default console.log */
  readonly print?: (line: string) => void
}

/**
 * Prints each value as a line of the process: on a terminal, or in the logs of a function. For a look at what goes on, in no order between
 * shards: at least once, a retry prints its batch again.
 *
 * ```ts
 * const printed = consoleSink({ prefix: 'order ' })
 * ```
 */
export function consoleSink<T>(options: ConsoleSinkOptions<T> = {}): Sink<T> {
  const { codec = json<T>(), prefix = '', print = line => console.log(line) } = options
  return {
    kind: 'console',
    destination: 'standard output',
    guarantee: 'at least once: a retry prints a batch again',
    codec,
    check: value => void codec.encode(value),
    write: async values => {
      for (const value of values)
        print(
          prefix +
            Buffer.from(codec.encode(value))
              .toString('utf8')
              .replace(/\r?\n$/, ''),
        )
    },
  }
}
