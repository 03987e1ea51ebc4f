import { json, milliseconds, type Outputs, pipeline } from 'millrace'
import { type Expected, type ExpectedOutput, evaluate } from '../../local/simulator/oracle/index.ts'
import { record } from './oracle-input.ts'

export type Fact = {
  readonly at: number
  readonly key: string
  readonly of?: string
  readonly value?: number
  readonly gone?: boolean
}

export type PipelineBuilder = Parameters<Parameters<typeof pipeline>[1]>[0]

export const options = { codec: json<Fact>(), eventTime: (fact: Fact) => fact.at, outOfOrder: milliseconds(1_000) }
export const isGone = ({ gone }: Fact): boolean => gone === true
export const worth = ({ value: amount = 0 }: Fact): number => amount

/** Of one shard the order of the records is known, of more it is not. */
export const expectedOf = (
  build: (builder: PipelineBuilder) => Outputs,
  inputs: Readonly<Record<string, readonly Fact[]>>,
  shards = 2,
): Expected => {
  const events = Object.entries(inputs).map(([name, facts]) => [
    name,
    { events: facts.map(fact => record(fact)), shards },
  ])
  return evaluate(pipeline('tables', build).plan, Object.fromEntries(events))
}

export const valuesOf = (output: ExpectedOutput | undefined): readonly unknown[] => {
  if (output?.kind !== 'values' || !output.isWhole) throw new Error(`expected values, found ${JSON.stringify(output)}`)
  return output.values
}
