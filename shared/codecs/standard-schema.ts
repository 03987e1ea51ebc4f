/**
 * What Zod, Valibot, ArkType and others have in common: Standard Schema v1 (https://standardschema.dev, MIT), as far as it is used here. The
 * interface is copied so that no library is needed for it.
 */
export interface StandardSchema<Input = unknown, Output = Input> {
  readonly '~standard': {
    readonly version: 1
    /** The library's name. */
    readonly vendor: string
    readonly validate: (value: unknown) => StandardResult<Output> | Promise<StandardResult<Output>>
    readonly types?: { readonly input: Input; readonly output: Output } | undefined
  }
}

export type StandardResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly StandardIssue[] }

export type StandardIssue = {
  readonly message: string
  /** From the outermost inwards. */
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined
}

/** What a schema makes of a value that it takes. */
export type OutputOf<Schema extends StandardSchema> = NonNullable<Schema['~standard']['types']>['output']

/** A schema may be an object or, as ArkType's, a function. */
export function isStandardSchema(given: unknown): given is StandardSchema {
  return ((typeof given === 'object' && given !== null) || typeof given === 'function') && '~standard' in given
}
