import type { FileTarget, KeptLines } from '../../local/input/file-target.ts'
import { readKpl } from '../../shared/codecs/kpl.ts'

/** Keeps what it is given, and the note. */
export class Kept implements FileTarget {
  readonly beginAnew = 'another folder'
  readonly blockBytes: number
  readonly lines: string[] = []
  readonly letters: string[] = []
  isEnded = false
  #note: string | undefined

  constructor(blockBytes = 16) {
    this.blockBytes = blockBytes
  }

  async noted(): Promise<string | undefined> {
    return this.#note
  }

  async keep(_source: string, { records, letters, isEnd, note }: KeptLines): Promise<void> {
    for (const { data, partitionKey } of records) {
      const buffer = Buffer.from(data)
      const aggregated = readKpl(buffer)
      const parts =
        aggregated === undefined
          ? [buffer]
          : Array.from({ length: aggregated.count }, (_, i) => buffer.subarray(aggregated.start(i), aggregated.end(i)))
      const [file, first] = partitionKey.split(':')
      for (const [i, part] of parts.entries()) this.lines.push(`${file}:${Number(first) + i} ${part}`)
    }
    for (const { place, reason } of letters) this.letters.push(`${place} ${reason}`)
    this.isEnded ||= isEnd
    this.#note = note
  }
}
