import type { PortCall } from '../cloud/intercept-ports.ts'

/**
 * What the runtime awaits: each is a place to crash.
 *
 * | operation  | what it awaits                                                      |
 * | ---------- | ------------------------------------------------------------------- |
 * | List       | the list of a stream's shards                                       |
 * | Load       | the ring of commits of a shard                                      |
 * | ReadPage   | a key group's page                                                  |
 * | Page       | a part of a page is put                                             |
 * | Claim      | ids of a feed's records are claimed                                 |
 * | Commit     | the conditional append                                              |
 * | Publish    | records are put to a shuffle or to a stream sink                    |
 * | View       | rows are put to a view                                              |
 * | DeadLetter | dead letters are put                                                |
 * | File       | a file sink's file is written                                       |
 * | Call       | the user's function of a `forEach`                                  |
 * | Fetch      | the user's function of a lookup                                     |
 * | Expire     | a parent's commits are let go                                       |
 * | Sleep      | a pause between two tries                                           |
 */
export type Operation =
  | 'List'
  | 'Load'
  | 'ReadPage'
  | 'Page'
  | 'Claim'
  | 'Commit'
  | 'Publish'
  | 'View'
  | 'DeadLetter'
  | 'File'
  | 'Call'
  | 'Fetch'
  | 'Expire'
  | 'Sleep'

/** Before or after the effect of an await; `Any` is each of them. */
export type CrashPoint = `${'before' | 'after'}${Operation | 'Any'}`

/** One await of the runtime, numbered from 1 over the driver's life. */
export type Await<StageName extends string = string> = {
  readonly number: number
  readonly stage: StageName
  readonly operation: Operation
  /** The invocation was given up on before: another may be at work on its shard. */
  readonly isZombie: boolean
}

/**
 * What happens at an await instead of its effect.
 *
 * - `crash`: the invocation dies and its environment is lost, before the effect or after it
 * - `lost`: the call rejects; with a lost request it has no effect, with a lost answer it has
 * - `late`: the invocation dies, and the effect takes place `awaits` awaits later
 * - `zombie`: the platform gives up on the invocation, which goes on `awaits` awaits later as if nothing had been
 */
export type Fault =
  | { readonly kind: 'crash'; readonly when: 'before' | 'after' }
  | { readonly kind: 'lost'; readonly what: 'request' | 'answer' }
  | { readonly kind: 'late'; readonly awaits: number }
  | { readonly kind: 'zombie'; readonly when: 'before' | 'after'; readonly awaits: number }

const operations: { readonly [call: string]: Operation } = {
  'streams.listShards': 'List',
  'streams.putRecords': 'Publish',
  'commits.readRing': 'Load',
  'commits.readPage': 'ReadPage',
  'commits.writePage': 'Page',
  'claims.claim': 'Claim',
  'commits.append': 'Commit',
  'commits.expire': 'Expire',
  'views.put': 'View',
  'deadLetters.put': 'DeadLetter',
  'files.write': 'File',
  'lookups.fetch': 'Fetch',
  'clock.sleep': 'Sleep',
}

export function operationOf({ port, method }: PortCall): Operation {
  const operation = operations[`${port}.${method}`]
  if (operation === undefined) throw new Error(`Cannot name an await: the runtime does not call ${port}.${method}`)
  return operation
}
