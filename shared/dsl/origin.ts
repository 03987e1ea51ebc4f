/**
 * What the types remember of where a stream comes from: the stages that its records pass, and for those that are sources what
 * their records are. It is how `handlers(pipeline)` and `drive(pipeline)` know their names.
 */
export type Origins = { readonly [stage: string]: StageMark }

export type StageMark = { readonly source?: unknown }

export type FromSource<Name extends string, T> = { readonly [name in Name]: { readonly source: T } }
export type FromStage<Name extends string> = { readonly [name in Name]: Record<never, never> }

/** Origins of several streams together. */
export type Merged<Union> = (Union extends unknown ? (each: Union) => void : never) extends (all: infer All) => void
  ? All
  : never
