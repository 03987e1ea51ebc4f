/** Stands in a bundle for lookups where the program has none: no run lacks an answer. */
export class LookupAnswers {
  readonly isLacking = false
  begin(): void {}
  committed(): void {}
}

export class LookupCache {}

export class NoAnswerError extends Error {}

const refuse = (): never => {
  throw new Error(
    'Cannot look up: the bundle was made for a program without lookups, deploy the program as it is built here',
  )
}

export { refuse as askFor, refuse as lookupStep }
