import type { Fed } from '../emit/feed-key.ts'
import { type Duration, milliseconds } from '../model/duration.ts'
import { ConfigurationError } from '../model/errors.ts'
import { durationText } from '../plan/describe-windows.ts'
import type { KeyByNode, OperatorNode } from '../plan/graph.ts'
import type { Feed, SourceNode } from '../plan/source.ts'
import { operatorNode } from './operator-node.ts'
import { type Context, processNode } from './process.ts'
import { map } from './process-state.ts'

/**
 * Lets each record of a feed through once, in a stage of its own whose key is the feed's: the ids of those that came are kept, for as long as a
 * feed may repeat them. What no feed put has no id and goes on.
 */
export function fedOnce(source: SourceNode, { rememberMs }: Feed): OperatorNode {
  const name = `${source.name}-once`
  const key = ({ key }: Fed): string => key
  const input: KeyByNode = Object.freeze({ kind: 'keyBy', input: source, name, key })
  const state = { seen: map<string, true>({ ttl: milliseconds(rememberMs), by: 'arrival' }) }
  const { definition } = processNode(name, [input], {
    state,
    onRecord({ state: { seen } }: Context<string, typeof state, unknown>, { id, value }: Fed) {
      if (id === undefined) return [value]
      if (seen.has(id)) return []
      seen.set(id, true)
      return [value]
    },
  })
  return operatorNode(name, [input], {
    ...definition,
    meaning: 'records of a feed once',
    explain: {
      function: 'distinct by the id of the feed',
      windows: 'record by record',
      emits: 'each record once',
      lateness: 'ever',
      keeps: `ids for ${durationText(rememberMs)} of arrival time`,
    },
    watermarks: { kind: 'none' },
    idsKeptMs: rememberMs,
  })
}

/** Milliseconds for which ids are kept. */
export function remembered(remember: Duration, what: string): number {
  if (remember > 0) return remember
  throw new ConfigurationError(`Cannot read ${what}: it is to remember ids for no time, expected a time above`)
}
