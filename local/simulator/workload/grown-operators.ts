import type { Origins } from '../../../shared/dsl/origin.ts'
import type { Outputs } from '../../../shared/dsl/pipeline.ts'
import type { Results, Stream } from '../../../shared/dsl/stream.ts'
import type { Random } from '../random.ts'
import type { AnyRow, Fact } from './fact.ts'
import type { Moods } from './grown-aggregate.ts'
import { growCoGroup, growIntervalJoin, growWindowJoin } from './grown-joins.ts'
import { growDistinctWithin, growRebalanced, growSlots, growTotals } from './grown-process.ts'
import {
  growBroadcastJoin,
  growForeignKey,
  growRules,
  growStreamTableJoin,
  growTableJoin,
  growVersionedJoin,
} from './grown-table-joins.ts'
import { growChanges, growLatest, growRegrouped } from './grown-tables.ts'
import { growComposed, growHopping, growPanes, growWindows } from './grown-windows.ts'
import type { Branch } from './pipeline-growth.ts'

/** What an operator that is no aggregate made of streams: facts again, rows for a view, or both. */
export type GrownOperator = {
  readonly text: string
  readonly depth: number
  readonly facts?: Stream<Fact, Origins>
  readonly rows?: Results<AnyRow, Origins, unknown>
  /** Outputs of its own, by their names. */
  readonly outputs?: Readonly<Record<string, Outputs[string]>>
  /** Earlier states of rows that change go out too. */
  readonly isStale: boolean
}

export type Soil = {
  readonly random: Random
  /** A name that no other operator has. */
  readonly name: string
  readonly moods: Moods
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
  growRegrouped,
  growLatest,
  growChanges,
  growTableJoin,
  growStreamTableJoin,
  growVersionedJoin,
  growForeignKey,
  growBroadcastJoin,
  growRules,
  growWindows,
  growHopping,
  growComposed,
  growPanes,
]

/** Some of them, that have much to do with each other. */
const families = {
  joins: [growIntervalJoin, growWindowJoin, growCoGroup, growVersionedJoin, growBroadcastJoin],
  tables: [growRegrouped, growLatest, growChanges, growTableJoin, growStreamTableJoin, growForeignKey],
  functions: [growSlots, growTotals, growDistinctWithin, growRebalanced, growRules],
  windows: [growWindows, growHopping, growComposed, growPanes],
} satisfies Readonly<Record<string, readonly Grower[]>>

export type Family = keyof typeof families

/** Any operator, or any of a family. */
export const growOperator = (soil: Soil, family?: Family): GrownOperator =>
  soil.random.pick<Grower>(family === undefined ? growers : families[family])(soil)
