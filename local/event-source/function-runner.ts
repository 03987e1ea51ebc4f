import type { KinesisStreamEvent } from 'aws-lambda'
import type { Tally } from '../cloud/checkpoints.ts'

/** Lambda's side of an invocation: finds an environment, runs the handler, enforces the timeout. */
export interface FunctionRunner {
  /** A timeout is a failure. A rejection counts as one too, fatal when it is a StopDeploymentError. */
  invoke(event: KinesisStreamEvent, options: InvokeOptions): Promise<InvocationResult>
}

export type InvokeOptions = { readonly timeoutMs: number }

export type InvocationResult =
  | {
      readonly kind: 'answered'
      readonly response: unknown
      /** What the invocation counted: added to the checkpoint's tally when any of its records is acknowledged, else forgotten. */
      readonly tally: Tally
    }
  | {
      readonly kind: 'failed'
      readonly error: unknown
      /** Nothing can go on until a person acts: the mapping stops. */
      readonly fatal: boolean
    }
