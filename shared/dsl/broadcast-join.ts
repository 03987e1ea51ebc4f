import { broadcastJoinDefinition } from '#operators/broadcast-joins'
import { ConfigurationError } from '../model/errors.ts'
import type { Key } from '../model/key.ts'
import type { BroadcastNode, KeyByNode, Loose, OperatorNode } from '../plan/graph.ts'
import { operatorNode } from './operator-node.ts'

/** How rows of a broadcast are told apart, and which of them a record meets: by their key, or all for which `where` holds. */
export type BroadcastOn<K, V, B> = {
  /** Key of a row: a newer row of the same key takes its place. */
  readonly rowKey: (row: B) => Key
  /** Key of the row that a record meets. Default: the record's key, where there is no `where`. */
  readonly key?: (value: V, key: K) => Key
  readonly where?: (value: V, row: B) => boolean
}

/** What `joinBroadcast` may be told beside what it joins. */
export type BroadcastJoinOptions<Type extends 'inner' | 'left'> = {
  /** `left`: a record that meets no row is joined with undefined. Default `inner`. */
  readonly type?: Type
}

export type JoinedRow<B, Type extends 'inner' | 'left'> = Type extends 'left' ? B | undefined : B

export function broadcastJoinNode(
  name: string,
  inputs: readonly [KeyByNode, BroadcastNode],
  on: BroadcastOn<never, never, never>,
  combine: Loose<[value: never, row: never], unknown>,
  options: BroadcastJoinOptions<'inner' | 'left'>,
): OperatorNode {
  const { rowKey, key, where } = on
  if (rowKey === undefined) {
    throw new ConfigurationError(`Cannot build "${name}": its rows have no key, as in { rowKey: row => row.id }`)
  }
  const spec = {
    type: options.type ?? 'inner',
    rowKey: loose(rowKey),
    combine: loose(combine),
    ...(where && { where: loose(where) }),
    ...((key !== undefined || where === undefined) && { key: key === undefined ? ownKey : loose(key) }),
  }
  return operatorNode(name, inputs, broadcastJoinDefinition(spec))
}

const ownKey = (_value: unknown, key: Key): Key => key

/** The function as the operator calls it: its types were checked where it was given. */
const loose = <Arguments extends readonly unknown[], R>(fn: Loose<never[], R>): Loose<Arguments, R> =>
  fn as unknown as Loose<Arguments, R>
