// What a bundle leaves out where the program has no lookup: see no-lookups.ts.
export { LookupAnswers } from '../lookup-answers.ts'
export { LookupCache } from '../lookup-cache.ts'
export { NoAnswerError } from '../lookup-calls.ts'
export { askFor } from '../lookup-round.ts'
export { lookupStep } from '../lookup-step.ts'
