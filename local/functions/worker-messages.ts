import type { KinesisStreamEvent } from 'aws-lambda'
import type { Tally } from '../cloud/checkpoints.ts'
import type { PortCall } from '../cloud/intercept-ports.ts'

/** Where a worker finds its program. */
export type WorkerSetup = { readonly file: string; readonly pipeline: string }

export type ToWorker =
  | {
      readonly kind: 'invoke'
      readonly id: number
      readonly stage: string
      readonly event: KinesisStreamEvent
      readonly timeoutMs: number
    }
  | PortAnswer

export type PortAnswer =
  | { readonly kind: 'answer'; readonly id: number; readonly value: unknown }
  | { readonly kind: 'answer'; readonly id: number; readonly error: string }

export type FromWorker =
  | { readonly kind: 'call'; readonly id: number; readonly call: PortCall }
  | { readonly kind: 'answered'; readonly id: number; readonly response: unknown; readonly tally: Tally }
  | {
      readonly kind: 'failed'
      readonly id: number
      readonly name: string
      readonly message: string
      readonly stack: string
      readonly fatal: boolean
    }
