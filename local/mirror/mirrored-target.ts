import { callsOf } from '../../shared/emit/publisher.ts'
import type { PutRecord } from '../../shared/ports/streams.ts'
import { endOfInput, type FileTarget, noteName } from '../input/file-target.ts'
import { InputError } from '../input/input-file.ts'
import type { MirroredCloud } from './mirrored-cloud.ts'

/**
 * Files into streams that are elsewhere. The note in the table follows the puts: a process that dies between the two puts those lines again
 * when it goes on, as producers of Kinesis do.
 */
export function mirroredTarget({ ports, notes }: MirroredCloud, pipeline: string): FileTarget {
  const put = async (source: string, records: readonly PutRecord[]): Promise<void> => {
    for (const call of callsOf(records)) {
      for (const outcome of await ports.streams.putRecords(source, call)) {
        if (outcome.kind === 'refused')
          throw new InputError(`Cannot put lines to stream "${source}": ${outcome.reason}`)
      }
    }
  }
  return {
    beginAnew: 'another --prefix',
    // Little enough that a stream takes it in a moment.
    blockBytes: 256 * 1024,
    noted: source => notes.get(noteName(source)),
    keep: async (source, { records, letters, isEnd, note }) => {
      await put(source, records)
      if (letters.length > 0) await ports.deadLetters.put(pipeline, letters)
      if (isEnd) await put(source, endOfInput(await ports.streams.listShards(source)))
      await notes.set(noteName(source), note)
    },
  }
}
