import type { BroadcastNode } from '../plan/graph.ts'
import type { Origins } from './origin.ts'

/** Values of type `T` that every key group of a stage gets (Storm: all grouping; Flink: broadcast stream). Immutable. */
export class Broadcast<T, Origin extends Origins> {
  declare readonly origin: Origin
  declare readonly value: T
  readonly #node: BroadcastNode

  constructor(node: BroadcastNode) {
    this.#node = node
  }

  /** The broadcast as a frozen node, for the plan. */
  static nodeOf(broadcast: Broadcast<unknown, Origins>): BroadcastNode {
    return broadcast.#node
  }
}
