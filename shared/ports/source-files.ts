/** Files that a source reads: objects of a bucket, or a folder of this machine. */
export interface SourceFilesPort {
  /**
   * Files in a folder and the folders below it whose names are above `after`, in the order of their names' UTF-8 bytes. Perhaps not all
   * at once: none means that there are no more. Names are relative to the folder, with `/` between parts.
   */
  list(folder: string, after: string): Promise<readonly SourceFile[]>

  /**
   * Bytes of a file from `offset`, at most so many, none at its end. Says so where the file is no more what it was when it was listed, or is
   * not there.
   */
  read(folder: string, file: SourceFile, offset: number, most: number): Promise<FilePart>
}

export type SourceFile = {
  readonly name: string
  /** Another one after each change of what is in the file. */
  readonly tag: string
  readonly bytes: number
  /** When it was put there or changed last, epoch milliseconds. */
  readonly modifiedMs: number
}

export type FilePart =
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  | { readonly kind: 'changed' }
  | { readonly kind: 'missing' }

/** The order of S3: by the bytes of the names in UTF-8. */
export const compareNames = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b))
