/** A function whose argument types the DSL has checked: method parameters are compared loosely, on purpose. */
export type Loose<Arguments extends readonly unknown[], Result> = { call(...values: Arguments): Result }['call']
