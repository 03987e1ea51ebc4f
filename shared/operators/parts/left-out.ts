import type { OperatorDefinition } from '../definition.ts'

/**
 * Stands in a bundle for a part of the engine that the deployed program has no use for: a cold start reads what it runs. Other programs
 * of the same module are still built, and never run there.
 */
const leftOut = (): OperatorDefinition => ({
  spec: { kind: 'leftOut' },
  meaning: 'left out',
  inputs: [],
  explain: { function: 'left out', windows: 'none', emits: 'nothing', lateness: 'none', keeps: 'nothing' },
  watermarks: { kind: 'none' },
  rows: 'updates',
  sides: [],
  create: name => refuse(name),
})

const refuse = (name: string): never => {
  throw new Error(
    `Cannot run operator "${name}": the bundle was made for a program without it, deploy the program as it is built here`,
  )
}

/** Of aggregates, whose operators the runtime makes. */
const leftOutAggregate = ({ name }: { readonly name: string }): never => refuse(name)

export {
  leftOut as broadcastJoinDefinition,
  leftOut as changesDefinition,
  leftOut as coGroup,
  leftOut as foreignKeyAnswersDefinition,
  leftOut as foreignKeyJoinDefinition,
  leftOut as foreignKeyLeftDefinition,
  leftOut as foreignKeyRightDefinition,
  leftOut as intervalJoin,
  leftOut as latestDefinition,
  leftOut as processDefinition,
  leftOut as regroupDefinition,
  leftOut as retractTableDefinition,
  leftOut as streamTableJoinDefinition,
  leftOut as tableAggregateDefinition,
  leftOut as tableExtremeDefinition,
  leftOut as tableTableJoinDefinition,
  leftOut as versionedJoinDefinition,
  leftOut as windowJoin,
  leftOut as distinctWithinDefinition,
  leftOut as partialAggregateDefinition,
  leftOut as passThroughDefinition,
  leftOutAggregate as countAggregate,
  leftOutAggregate as paneAggregate,
  leftOutAggregate as sessionAggregate,
  leftOutAggregate as slidingAggregate,
}
