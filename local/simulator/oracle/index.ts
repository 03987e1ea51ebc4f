export { countDifferences, type SeenCounts } from './counts.ts'
export { differences, type Seen } from './differences.ts'
export { type EvaluateOptions, evaluate } from './evaluate.ts'
export type {
  Count,
  Expected,
  ExpectedChanges,
  ExpectedOutput,
  ExpectedPanes,
  ExpectedRows,
  ExpectedValues,
  OpenRows,
  OperatorCounts,
  OracleAdvance,
  OracleInput,
  OracleRecord,
  PanesOfWindow,
  SourceCounts,
  SourceInput,
  StageCounts,
  Unchecked,
} from './expected.ts'
export { keyText } from './keys.ts'
export type { AskedKey, AskedKeys } from './lookups.ts'
