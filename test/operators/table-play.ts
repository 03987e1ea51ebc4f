import { endOfTime } from '../../shared/model/event-time.ts'
import { type Key, keyOf } from '../../shared/model/key.ts'
import type { OperatorDefinition } from '../../shared/operators/definition.ts'
import type { Origin, StatefulOperator } from '../../shared/operators/operator.ts'
import type { Random } from '../codecs/random.ts'
import { Harness } from './harness.ts'

export type Out = {
  readonly value: unknown
  readonly time: number
  readonly origin: Origin | undefined
  readonly watermark: number
}

/** An operator in a harness, and all that it has put out. */
export function playing(definition: OperatorDefinition) {
  const out: Out[] = []
  const sides = new Map<string, Out[]>()
  const harness: Harness<StatefulOperator> = new Harness(context => {
    const to = (list: Out[]) => (value: unknown, time: number, origin: Origin | undefined) =>
      list.push({ value: structuredClone(value), time, origin, watermark: context.watermarks[0] })
    return definition.create('t', context, {
      push: to(out),
      side: name => {
        const list = sides.get(name) ?? []
        sides.set(name, list)
        return to(list)
      },
    })
  })
  return { harness, out, sides }
}

export type Playing = ReturnType<typeof playing>

/** The rows that are there after all that was put out. */
export function rowsOf(out: readonly Out[]): Map<Key, unknown> {
  const rows = new Map<string, unknown>()
  for (const { value, origin } of out) {
    if (origin === undefined) continue
    if (value === undefined) rows.delete(origin.id)
    else rows.set(origin.id, value)
  }
  return new Map([...rows].sort(([a], [b]) => (a < b ? -1 : 1)).map(([id, row]) => [keyOf(id), row]))
}

/** A commit; then sometimes a page, and another environment goes on. */
export function commit({ harness }: Playing, random: Random): void {
  harness.commit()
  if (random.below(3) === 0) harness.page()
  if (random.below(2) === 0) harness.restart()
}

/** The end of input, in the commit of the last records or after it, with commits cut and environments changed between timers. */
export function end({ harness }: Playing, random: Random): void {
  if (random.below(2) === 0) harness.commit()
  harness.advance(
    endOfTime,
    () => random.below(2) === 0,
    () => random.below(2) === 0 && harness.restart(),
  )
  harness.commit()
}

export const seeds = Array.from({ length: 120 }, (_, i) => i + 1)

export const unwindowed = { updates: true, latenessMs: 0 }

/** Random puts and deletes of rows. Answers the rows that are there, and gives the states of the table one after another to `see`. */
export function playRows(
  play: Playing,
  random: Random,
  rowOf: (key: string, i: number) => unknown,
  see: (rows: ReadonlyMap<string, unknown>) => void = () => {},
): Map<string, unknown> {
  const rows = new Map<string, unknown>()
  for (let i = 0; i < 120; i++) {
    const key = random.pick(['a', 'b', 'c', 'd', 'e'])
    if (random.below(4) === 0) rows.delete(key)
    else rows.set(key, rowOf(key, i))
    play.harness.process(key, rows.get(key), i)
    see(rows)
    if (random.below(10) === 0) play.harness.advance(i)
    if (random.below(6) === 0) commit(play, random)
  }
  return rows
}
