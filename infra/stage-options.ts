import type { PipelineProps, StageOptions } from './props.ts'

/** What a stage was told, by name before what all were told. */
export const stageOptions = ({ stages, everyStage }: PipelineProps, stage: string): StageOptions => ({
  ...everyStage,
  ...stages?.[stage],
})
