import { putAll } from '../../shared/emit/publisher.ts'
import { endOfInput, type FileTarget, noteName } from '../input/file-target.ts'
import type { MirroredCloud } from './mirrored-cloud.ts'

/**
 * Files into streams that are elsewhere. The note in the table follows the puts: a process that dies between the two puts those lines again
 * when it goes on, as producers of Kinesis do.
 */
export function mirroredTarget({ ports, notes }: MirroredCloud, pipeline: string): FileTarget {
  return {
    beginAnew: 'another --prefix',
    // Little enough that a stream takes it in a moment.
    blockBytes: 256 * 1024,
    noted: source => notes.get(noteName(source)),
    keep: async (source, { records, letters, isEnd, note }) => {
      await putAll(ports, source, records)
      if (letters.length > 0) await ports.deadLetters.put(pipeline, letters)
      if (isEnd) await putAll(ports, source, endOfInput(await ports.streams.listShards(source)))
      await notes.set(noteName(source), note)
    },
  }
}
