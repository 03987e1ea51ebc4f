export { countDifferences, type SeenCounts } from './counts.ts'
export { differences, type Seen } from './differences.ts'
export { type EvaluateOptions, evaluate } from './evaluate.ts'
export type {
  Count,
  Expected,
  ExpectedOutput,
  ExpectedRows,
  ExpectedChanges,
  ExpectedValues,
  OpenRows,
  OperatorCounts,
  OracleAdvance,
  OracleInput,
  OracleRecord,
  SourceCounts,
  SourceInput,
  StageCounts,
  Unchecked,
} from './expected.ts'
