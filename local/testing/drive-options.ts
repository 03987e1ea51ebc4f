import type { Sink } from '../../shared/sinks/sink.ts'
import type { Await, Fault } from './faults.ts'

/** How a driver's small cloud is made. */
export type DriveOptions<StageName extends string = string> = {
  /** Serve every stage until nothing is left after each push, advance, tick and reshard; otherwise only on `settle()`. @default true */
  readonly auto?: boolean
  /** Arrival time at the start. @default 2026-01-01T00:00:00Z */
  readonly now?: string | number | Date
  /** Shards of each stage's input stream, or by stage. @default 1 */
  readonly shards?: number | { readonly [Name in StageName]?: number }
  /** Most records of an invocation, or by stage. @default 100 */
  readonly batchSize?: number | { readonly [Name in StageName]?: number }
  /** Time of an invocation. It passes only by `lookMs`. @default 60,000 */
  readonly timeoutMs?: number
  /** What each look at the time left costs an invocation: the runtime looks once a record. @default 0 */
  readonly lookMs?: number
  /** Failures of one batch in a row after which `settle` gives up. @default 50 */
  readonly mostFailures?: number
  /** What takes the values of a `to` or a `forEach`, by the output's name, in place of what the pipeline has: a test calls no service. */
  readonly sinks?: { readonly [output: string]: Sink<unknown> }
  /** What goes wrong at an await of the runtime. Crashes planned by `crash` come first. @default nothing */
  readonly faults?: (at: Await) => Fault | undefined
}
