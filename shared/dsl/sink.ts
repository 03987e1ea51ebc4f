import type { Sink } from '../plan/graph.ts'

export type SinkKind = Exclude<Sink['kind'], 'view'>

/**
 * Where results leave the pipeline: values of type `T`, to a sink of this kind. It takes effect when the pipeline returns it, under
 * the name that it has there.
 */
export class SinkBuilder<Origin, T = unknown, Kind extends SinkKind = SinkKind> {
  declare readonly origin: Origin
  /** Types only: what a driver reads back. */
  declare readonly taken: { readonly value: T; readonly kind: Kind }
  readonly #make: (name: string) => Sink

  constructor(make: (name: string) => Sink) {
    this.#make = make
  }

  /** The sink as a frozen node, for the plan. */
  named(name: string): Sink {
    return Object.freeze(this.#make(name))
  }
}
