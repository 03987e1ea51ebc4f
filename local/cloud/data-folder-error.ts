import { StopDeploymentError } from '../../shared/model/errors.ts'

/** The data folder cannot be used, and a person must act: retrying does no harm and no good. Nothing acknowledged is lost. */
export class DataFolderError extends StopDeploymentError {
  readonly folder: string
  constructor(folder: string, sentence: string, cause?: unknown) {
    super(sentence, { cause })
    this.folder = folder
  }
}

/** The error to throw for what SQLite or the file system threw: a sentence where the fault is the folder's, else the same. */
export function dataFolderError(folder: string, doing: 'open' | 'use', thrown: unknown): unknown {
  if (!(thrown instanceof Error) || thrown instanceof DataFolderError) return thrown
  const fault = faultOf(thrown)
  if (fault === undefined) return thrown
  return new DataFolderError(folder, `Cannot ${doing} data folder "${folder}": ${fault}`, thrown)
}

/** Result codes of SQLite: https://www.sqlite.org/rescode.html. The low byte is the primary code. */
const sqliteFaults: Readonly<Record<number, string>> = {
  5: 'another process holds it, stop that process or use another --data folder',
  8: 'it is not writable, change its permissions or use another --data folder',
  10: 'the disk answered with an error, check the disk or use another --data folder',
  11: 'its millrace.db is damaged, restore it from a copy or use another --data folder',
  13: 'the disk is full, free some space and run again, all that was acknowledged is kept',
  14: 'its millrace.db cannot be opened, change its permissions or use another --data folder',
  26: 'its millrace.db is not a Millrace database, move it away or use another --data folder',
}

const fileFaults: Readonly<Record<string, string>> = {
  EACCES: sqliteFaults[8],
  EPERM: sqliteFaults[8],
  EROFS: sqliteFaults[8],
  ENOSPC: sqliteFaults[13],
  EDQUOT: sqliteFaults[13],
  EEXIST: 'it is a file, use another --data folder',
  ENOENT: 'it cannot be made there, use another --data folder',
  ENOTDIR: 'a part of its path is a file, use another --data folder',
  EIO: sqliteFaults[10],
}

function faultOf(thrown: Error): string | undefined {
  if ('errcode' in thrown && typeof thrown.errcode === 'number') return sqliteFaults[thrown.errcode & 0xff]
  if ('code' in thrown && typeof thrown.code === 'string') return fileFaults[thrown.code]
  return undefined
}
