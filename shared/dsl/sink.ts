import type { Sink } from '../plan/graph.ts'

/** Where results leave the pipeline. It takes effect when the pipeline returns it, under the name that it has there. */
export class SinkBuilder<Origin> {
  declare readonly origin: Origin
  readonly #make: (name: string) => Sink

  constructor(make: (name: string) => Sink) {
    this.#make = make
  }

  /** The sink as a frozen node, for the plan. */
  named(name: string): Sink {
    return Object.freeze(this.#make(name))
  }
}
