import { distinctWithinDefinition } from '#operators/distribution'
import type { Duration } from '../model/duration.ts'
import { ConfigurationError } from '../model/errors.ts'
import type { DistinctNode, KeyByNode, OperatorNode } from '../plan/graph.ts'
import { operatorNode } from './operator-node.ts'

/** When a value of a key is a repeat. */
export type DistinctOptions = {
  /** Values of a key less than this apart in event time are repeats. Default: however far apart they are. */
  readonly within?: Duration
  /** Apart from what: from the value that went out, or from the last one seen, so that a key stays silent while repeats go on. Default `first`. */
  readonly since?: 'first' | 'last'
  /** How late a record may be and still be told from a repeat; later ones are dropped and counted. State is kept that much longer. Default 0. */
  readonly allowedLateness?: Duration
}

export function distinctNode(input: KeyByNode, name: string, options: DistinctOptions): DistinctNode | OperatorNode {
  const { within, since = 'first', allowedLateness = 0 } = options
  if (within === undefined) {
    if (options.since !== undefined || options.allowedLateness !== undefined) {
      throw new ConfigurationError(
        `Cannot build "${name}": since and allowedLateness belong to within, as in { within: minutes(10) }`,
      )
    }
    return Object.freeze({ kind: 'distinct', input, name, by: 'key' })
  }
  if (within === 0) throw new ConfigurationError(`Cannot build "${name}": within is 0, expected a time above`)
  return operatorNode(name, [input], distinctWithinDefinition({ withinMs: within, since, latenessMs: allowedLateness }))
}
