import type { Origins } from '../../../shared/dsl/origin.ts'
import type { Results, Stream } from '../../../shared/dsl/stream.ts'
import type { Random } from '../random.ts'
import type { AnyRow, Fact } from './fact.ts'
import { growCoGroup, growIntervalJoin, growWindowJoin } from './grown-joins.ts'
import { growDistinctWithin, growRebalanced, growSlots, growTotals } from './grown-process.ts'
import type { Branch } from './pipeline-growth.ts'

/** What an operator that is no aggregate made of streams: facts again, rows for a view, or both. */
export type GrownOperator = {
  readonly text: string
  readonly depth: number
  readonly facts?: Stream<Fact, Origins>
  readonly rows?: Results<AnyRow, Origins, unknown>
  /** Earlier states of rows that change go out too. */
  readonly isStale: boolean
}

export type Soil = {
  readonly random: Random
  /** A name that no other operator has. */
  readonly name: string
  /** A stream whose values do not change. */
  pick(): Branch
}

type Grower = (soil: Soil) => GrownOperator

const growers: readonly Grower[] = [
  growIntervalJoin,
  growWindowJoin,
  growCoGroup,
  growSlots,
  growTotals,
  growDistinctWithin,
  growRebalanced,
]

export const growOperator = (soil: Soil): GrownOperator => soil.random.pick(growers)(soil)
