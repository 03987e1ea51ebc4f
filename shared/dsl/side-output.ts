/** A side output that an operator declares: its type, by the name that the operator gives it. */
export type SideOutput<T> = { readonly sideOutput: (value: T) => void }
/** Declares a side output for values of type `T`: `flatMap(..., { sides: { refused: sideOutput<Trade>() } })`. */
export const sideOutput = <T>(): SideOutput<T> => Object.freeze({ sideOutput: () => {} })

export type SideTypes<Sides> = { readonly [Name in keyof Sides]: Sides[Name] extends SideOutput<infer T> ? T : never }
export type SideEmitters<Sides> = {
  readonly [Name in keyof Sides]: Sides[Name] extends SideOutput<infer T> ? (value: T) => void : never
}

/** What a function with side outputs is given: a way out for each. */
export function emittersFor<S>(
  names: readonly string[],
  emit: (name: string, value: unknown) => void,
): SideEmitters<S> {
  return Object.fromEntries(names.map(name => [name, (value: unknown) => emit(name, value)])) as SideEmitters<S>
}
