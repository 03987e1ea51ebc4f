export { type Bundling, bundling } from './bundling.ts'
export { Pipeline } from './pipeline.ts'
export type { AlarmOptions, PipelineProps, StageOptions } from './props.ts'
export { SchemaRegistry, type SchemaRegistryProps } from './schema-registry.ts'
