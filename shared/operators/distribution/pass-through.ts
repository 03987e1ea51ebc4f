import type { KeyRef } from '../../model/key.ts'
import type { OperatorDefinition } from '../definition.ts'
import type { OperatorContext, Push, StatefulOperator } from '../operator.ts'

/** Values as they come. Makes a stage behind a shuffle one with a log, which drops by position what a producer repeats. */
export type PassThroughSpec = { readonly kind: 'passThrough' }

export function passThroughDefinition(): OperatorDefinition {
  const spec: PassThroughSpec = { kind: 'passThrough' }
  return {
    spec,
    meaning: 'pass through',
    inputs: ['values'],
    explain: {
      function: 'rebalance',
      windows: 'record by record',
      emits: 'each value once',
      lateness: 'ever',
      keeps: 'nothing',
    },
    watermarks: { kind: 'none' },
    rows: 'none',
    sides: [],
    create: (name, context, outputs) => new PassThrough(name, context, outputs.push),
  }
}

export class PassThrough implements StatefulOperator {
  readonly name: string
  readonly stores = []
  readonly #context: OperatorContext
  readonly #push: Push

  constructor(name: string, context: OperatorContext, push: Push) {
    this.name = name
    this.#context = context
    this.#push = push
  }

  process({ group }: KeyRef, value: unknown, time: number): void {
    if (time <= this.#context.watermarks[group]) this.#context.tallies.late += this.#context.weight
    this.#push(value, time, undefined)
  }
}
