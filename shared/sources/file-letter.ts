import { limits } from '../model/limits.ts'
import type { DeadLetter } from '../ports/results.ts'

/** What of a file is no record. */
export type FileLetter = {
  /** Also the source's and its stream's. */
  readonly stage: string
  readonly pipelineVersion: string
  /** Of the letter, behind the stage's: the same one whenever the file is read. */
  readonly id: string
  /** FILE:LINE, or FILE. */
  readonly place: string
  readonly reason: string
  readonly payload: Uint8Array
  /** Of the whole. */
  readonly payloadBytes: number
}

/** A letter of a line of a file, or of a file. */
export function fileLetter({
  stage,
  pipelineVersion,
  id,
  place,
  reason,
  payload,
  payloadBytes,
}: FileLetter): DeadLetter {
  return {
    id: `${stage}/${id}`,
    kind: 'line',
    pipelineVersion,
    stage,
    stream: stage,
    place,
    partitionKey: place,
    sub: 0,
    reason,
    payload: new Uint8Array(payload.subarray(0, limits.deadLetterBytes)),
    payloadBytes,
  }
}

/** A place in a file, short enough for a partition key. */
export const placeInFile = (file: string, place: number): string => `${file.slice(-200)}:${place}`
