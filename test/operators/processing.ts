import type { Broadcast } from '../../shared/dsl/broadcast.ts'
import { KeyedStream } from '../../shared/dsl/keyed-stream.ts'
import { Stream } from '../../shared/dsl/stream.ts'
import { json } from '../../shared/index.ts'
import type { OperatorContext } from '../../shared/operators/operator.ts'
import type { SourceNode } from '../../shared/plan/source.ts'
import { Harness } from './harness.ts'

export type Out = { readonly value: unknown; readonly time: number; readonly side?: string }
type Nowhere = Record<never, never>

export const source: SourceNode = {
  kind: 'source',
  name: 'source',
  codec: json<unknown>(),
  eventTime: () => 0,
  outOfOrderMs: 0,
  idleMs: Number.POSITIVE_INFINITY,
  onMalformed: 'fail',
  onError: 'fail',
  namedBy: 'position',
}

/** An operator of the DSL on values of type `V`, and broadcast ones of type `B`, under the harness; and all that it puts out. */
export function underHarness<V, B = never>(
  describe: (
    keyed: KeyedStream<string, V, Nowhere>,
    broadcast: Broadcast<B, Nowhere>,
  ) => Stream<unknown, Nowhere, unknown>,
) {
  const keyed = new KeyedStream<string, V, Nowhere>({ kind: 'keyBy', input: source, name: 'key', key: () => '' })
  const node = Stream.nodeOf(describe(keyed, new Stream<B, Nowhere>(source).broadcast('key')))
  if (node.kind !== 'operator') throw new TypeError(`Cannot run a ${node.kind} under the harness: expected an operator`)
  const out: Out[] = []
  const make = (context: OperatorContext) =>
    node.definition.create(node.name, context, {
      push: (value, time) => {
        if (!context.isDiscarding) out.push({ value, time })
      },
      side: name => (value, time) => {
        if (!context.isDiscarding) out.push({ value, time, side: name })
      },
    })
  const harness = new Harness(make)
  return {
    harness,
    take: (): Out[] => out.splice(0),
    values: (): unknown[] => out.splice(0).map(({ value }) => value),
    broadcast: (value: B, time: number) => harness.operator.process({ group: 0, id: '' }, value, time, 1),
  }
}
