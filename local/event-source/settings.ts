import { ConfigurationError } from '../../shared/model/errors.ts'
import { limits } from '../../shared/model/limits.ts'

/** An event source mapping from one Kinesis stream to one function: Lambda's CreateEventSourceMapping, as far as it concerns Kinesis. */
export type MappingSettings = {
  /** Names the mapping for good: its checkpoints are kept under this name. */
  readonly name: string
  readonly stream: string
  /** Where shards begin that are there when the mapping is made. Shards that appear later are read from their first record. */
  readonly startingPosition: 'TRIM_HORIZON' | 'LATEST'
  /** @default 100 */
  readonly batchSize?: number
  /** How long to wait for a full batch, counted from the arrival of its first record. @default 0 */
  readonly maximumBatchingWindowInSeconds?: number
  /** @default [] */
  readonly functionResponseTypes?: readonly 'ReportBatchItemFailures'[]
  /** @default false */
  readonly bisectBatchOnFunctionError?: boolean
  /** -1 is without end. @default -1 */
  readonly maximumRetryAttempts?: number
  /** -1 is without end. @default -1 */
  readonly maximumRecordAgeInSeconds?: number
  /** The function's timeout, which the runner enforces. @default 60,000 */
  readonly functionTimeoutMs?: number
}

export type CompleteSettings = Required<MappingSettings>

/** The settings with their defaults. Throws a ConfigurationError for a number that Lambda would refuse. */
export function completeSettings(settings: MappingSettings): CompleteSettings {
  const complete: CompleteSettings = {
    batchSize: 100,
    maximumBatchingWindowInSeconds: 0,
    functionResponseTypes: [],
    bisectBatchOnFunctionError: false,
    maximumRetryAttempts: -1,
    maximumRecordAgeInSeconds: -1,
    functionTimeoutMs: 60_000,
    ...settings,
  }
  for (const { setting, isRight, right } of rules) {
    const value = complete[setting]
    if (Number.isSafeInteger(value) && isRight(value)) continue
    throw new ConfigurationError(
      `Cannot make mapping "${settings.name}": ${setting} is ${value}, ${right} would be right`,
    )
  }
  return complete
}

type NumberSetting = {
  [Name in keyof CompleteSettings]: CompleteSettings[Name] extends number ? Name : never
}[keyof CompleteSettings]

type Rule = { readonly setting: NumberSetting; readonly isRight: (value: number) => boolean; readonly right: string }

/** Lambda's limits: "Lambda parameters for Amazon Kinesis Data Streams event source mappings" in its developer guide. */
const rules: readonly Rule[] = [
  within('batchSize', 1, limits.batchRecords),
  within('maximumBatchingWindowInSeconds', 0, 300),
  within('maximumRetryAttempts', -1, 10_000),
  {
    setting: 'maximumRecordAgeInSeconds',
    isRight: value => value === -1 || (value >= 60 && value <= 604_800),
    right: '-1, or 60 to 604800,',
  },
  within('functionTimeoutMs', 1, 900_000),
]

function within(setting: NumberSetting, least: number, most: number): Rule {
  return { setting, isRight: value => least <= value && value <= most, right: `${least} to ${most}` }
}
