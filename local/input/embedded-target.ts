import { callsOf } from '../../shared/emit/publisher.ts'
import type { EmbeddedCloud } from '../cloud/embedded-cloud.ts'
import { endOfInput, type FileTarget, noteName } from './file-target.ts'

/** Files into an embedded cloud: records, letters and the note in one transaction, so that a run that was killed goes on without gap. */
export function embeddedTarget(cloud: EmbeddedCloud, pipeline: string): FileTarget {
  return {
    beginAnew: 'another --data folder',
    blockBytes: 1024 * 1024,
    noted: async source => cloud.meta.get(noteName(source)),
    keep: async (source, { records, letters, isEnd, note }) => {
      const ends = isEnd ? endOfInput(cloud.streams.describe(source)) : []
      cloud.transaction(() => {
        for (const call of callsOf([...records, ...ends])) cloud.streams.put(source, call)
        if (letters.length > 0) cloud.deadLetters.keep(pipeline, letters)
        cloud.meta.set(noteName(source), note)
      })
    },
  }
}
