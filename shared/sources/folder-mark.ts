import type { SourceFile } from '../ports/source-files.ts'

/** How far a folder has been read. What comes before it is dealt with, and nothing behind it unless a retry says so. */
export type FolderMark = {
  /** Of the file among all that were read, from 1. With a record's place in its file it is the record's position for good. */
  readonly number: number
  readonly file: SourceFile
  /** Bytes of the file, decompressed where it is compressed. */
  readonly offset: number
  /** Lines of the file, or values of its format, that are done with. */
  readonly places: number
  readonly isDone: boolean
}

export const beginning = (number: number, file: SourceFile): FolderMark => ({
  number,
  file,
  offset: 0,
  places: 0,
  isDone: false,
})
