import type { Operation } from '../testing/faults.ts'

/**
 * What can go wrong when the runtime awaits a call.
 *
 * | fault       | what happens                                                                                  |
 * | ----------- | --------------------------------------------------------------------------------------------- |
 * | lostRequest | the call rejects and has no effect                                                            |
 * | lostAnswer  | the call rejects although it took effect; of several records or rows perhaps on some alone     |
 * | lateEffect  | the call rejects, and takes effect any number of steps later                                  |
 * | repeated    | the request arrives twice: first it takes effect, later once more, and that is what is answered |
 * | throttled   | refused: every record of a put by itself, any other call as a whole                           |
 * | inPart      | some records of a put are refused; or some records or rows arrive earlier than the others       |
 * | disorder    | the records of a put arrive in another order                                                  |
 * | torn        | a query answers with items from before and from after other steps                             |
 * | staleList   | shards are listed as they were before a reshard                                               |
 * | slow        | virtual time passes, perhaps beyond the invocation's deadline                                 |
 * | crash       | the process is gone, before the effect or after it; requests under way may still arrive        |
 * | zombie      | the platform gives up on the invocation, which goes on any number of steps later               |
 * | frozen      | the platform gives up and the process stands still; what it awaits goes on in its next invocation |
 */
export type CallFault =
  | 'lostRequest'
  | 'lostAnswer'
  | 'lateEffect'
  | 'repeated'
  | 'throttled'
  | 'inPart'
  | 'disorder'
  | 'torn'
  | 'staleList'
  | 'slow'
  | 'crash'
  | 'zombie'
  | 'frozen'

/**
 * What can happen to the whole at any step.
 *
 * | event       | what happens                                                                              |
 * | ----------- | ----------------------------------------------------------------------------------------- |
 * | evicted     | warm processes that stand idle are gone                                                   |
 * | resharded   | a shard of any stream is split or two are merged, perhaps several times in a row           |
 * | recut       | a stage's mapping is made anew with another batch size; its invocations become zombies     |
 * | redeployed  | all mappings and processes are made anew, from a pipeline that was built anew              |
 * | redelivered | a batch that was handed over before is handed over once more, beside whatever runs         |
 * | leap        | up to minutes of virtual time pass at once; ticks come                                    |
 * | longLeap    | more than a day passes at once, and nothing that was under way before is left               |
 * | timeout     | an invocation is past its deadline: its process is gone, or stands still, or goes on       |
 * | lostTick    | a shard does not get its tick                                                             |
 * | doubledTick | a shard gets its tick twice                                                               |
 * | flaky       | a function of the user's throws once, in a stage with state; called again it does not       |
 */
export type WorldFault =
  | 'evicted'
  | 'resharded'
  | 'recut'
  | 'redeployed'
  | 'redelivered'
  | 'leap'
  | 'longLeap'
  | 'timeout'
  | 'lostTick'
  | 'doubledTick'
  | 'flaky'

export type FaultKind = CallFault | WorldFault

const any: readonly CallFault[] = ['lostRequest', 'throttled', 'slow', 'crash', 'zombie', 'frozen']
const writes: readonly CallFault[] = [...any, 'lostAnswer', 'lateEffect', 'repeated']

/** What can go wrong with each operation. */
export const faultsOf: { readonly [Name in Operation]: readonly CallFault[] } = {
  List: [...any, 'staleList'],
  Load: [...any, 'torn'],
  ReadPage: [...any, 'torn'],
  Page: writes,
  Claim: [...writes, 'inPart'],
  Commit: writes,
  Publish: [...writes, 'inPart', 'disorder'],
  View: [...writes, 'inPart'],
  DeadLetter: [...writes, 'inPart'],
  File: writes,
  Call: writes,
  Fetch: any,
  Expire: writes,
  Sleep: ['slow', 'crash', 'zombie', 'frozen'],
}

/** Events that a step may bring. */
export const stepFaults: readonly WorldFault[] = [
  'evicted',
  'resharded',
  'recut',
  'redeployed',
  'redelivered',
  'leap',
  'longLeap',
]

export const faultKinds: readonly FaultKind[] = [
  ...new Set<FaultKind>([
    ...Object.values(faultsOf).flat(),
    ...stepFaults,
    'timeout',
    'lostTick',
    'doubledTick',
    'flaky',
  ]),
]
