import type { Key } from '../model/key.ts'
import type { Push } from '../operators/operator.ts'
import { wrapped } from '../operators/user-function.ts'
import type { LookupNode } from '../plan/graph.ts'
import type { LookupAnswers } from './lookup-answers.ts'
import type { Answer } from './lookup-cache.ts'
import { usableKey } from './shipping.ts'

/** Puts a value together with its answer; puts nothing out while the answer is not known. */
export function lookupStep(node: LookupNode, context: { readonly answers?: LookupAnswers }, next: Push): Push {
  const keyOf = wrapped(node.name, (value: unknown): Key | undefined => {
    const key = node.key(value)
    return key === undefined ? undefined : usableKey(key)
  })
  const combine = wrapped(node.name, node.combine)
  return (value, time) => {
    const { answers } = context
    if (answers === undefined) throw new Error(`Cannot look up "${node.name}": the run has no answers`)
    const key = keyOf(value)
    const answer = key === undefined ? nothing : answers.find(node, key)
    if (answer === undefined) return
    if ('error' in answer) throw answer.error
    next(combine(value, answer.value), time, undefined)
  }
}

const nothing: Answer = { value: undefined }
