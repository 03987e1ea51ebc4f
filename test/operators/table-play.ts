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

/** The end of input, with commits cut and environments changed between timers. */
export function end({ harness }: Playing, random: Random): void {
  harness.commit()
  harness.advance(
    endOfTime,
    () => random.below(2) === 0,
    () => random.below(2) === 0 && harness.restart(),
  )
  harness.commit()
}

export const seeds = Array.from({ length: 120 }, (_, i) => i + 1)
