import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join, relative, sep } from 'node:path'
import { filePath } from '../../shared/ports/refusals.ts'
import type { FilesPort } from '../../shared/ports/results.ts'
import { dataFolderError } from './data-folder-error.ts'

/** Files of file sinks, which can also be read back. */
export interface FileStore extends FilesPort {
  /** All files, ordered by sink and name. */
  list(): Promise<readonly StoredFile[]>
  /** The bytes of a file, undefined when there is none. */
  read(sink: string, name: string): Promise<Uint8Array | undefined>
}

export type StoredFile = { readonly sink: string; readonly name: string; readonly bytes: number }

/** Files in this process' memory. */
export class MemoryFiles implements FileStore {
  readonly #files = new Map<string, StoredFile & { readonly content: Uint8Array }>()

  async write(sink: string, name: string, content: Uint8Array): Promise<void> {
    this.#files.set(pathOf(sink, name), { sink, name, bytes: content.byteLength, content })
  }

  async list(): Promise<readonly StoredFile[]> {
    return [...this.#files.values()].map(({ sink, name, bytes }) => ({ sink, name, bytes })).sort(byPath)
  }

  async read(sink: string, name: string): Promise<Uint8Array | undefined> {
    return this.#files.get(pathOf(sink, name))?.content
  }
}

/** Files as `FOLDER/SINK/NAME`. The folder is created with the first file. */
export class FolderFiles implements FileStore {
  readonly #folder: string
  #writes = 0

  constructor(folder: string) {
    this.#folder = folder
  }

  /** Writes beside the place and renames: a reader, or a crash, sees the old file or the new one, never a part of it. */
  async write(sink: string, name: string, content: Uint8Array): Promise<void> {
    const path = join(this.#folder, pathOf(sink, name))
    const temporary = join(this.#folder, temporaryFolder, `${process.pid}-${this.#writes++}`)
    try {
      await mkdir(dirname(temporary), { recursive: true })
      await mkdir(dirname(path), { recursive: true })
      await writeFile(temporary, content)
      await rename(temporary, path)
    } catch (error) {
      await rm(temporary, { force: true }).catch(() => undefined)
      throw dataFolderError(this.#folder, 'use', error)
    }
  }

  async list(): Promise<readonly StoredFile[]> {
    const entries = await readdir(this.#folder, { recursive: true, withFileTypes: true }).catch(orWhenMissing([]))
    const files: StoredFile[] = []
    for (const entry of entries) {
      const [sink, ...names] = relative(this.#folder, join(entry.parentPath, entry.name)).split(sep)
      if (!entry.isFile() || names.length === 0 || sink === temporaryFolder) continue
      const { size } = await stat(join(entry.parentPath, entry.name))
      files.push({ sink, name: names.join('/'), bytes: size })
    }
    return files.sort(byPath)
  }

  async read(sink: string, name: string): Promise<Uint8Array | undefined> {
    return readFile(join(this.#folder, pathOf(sink, name))).catch(orWhenMissing(undefined))
  }
}

/** What a killed process leaves here is overwritten or stays: it is never listed. On the same disk, so that a rename is atomic. */
const temporaryFolder = '.unfinished'

const byPath = (a: StoredFile, b: StoredFile): number => (pathOf(a.sink, a.name) < pathOf(b.sink, b.name) ? -1 : 1)

/** The folder of unfinished files is no sink. */
const pathOf = (sink: string, name: string): string => filePath(sink === temporaryFolder ? '' : sink, name)

/** Turns "there is no such file" into a value; every other error stays one. */
function orWhenMissing<T>(value: T): (error: unknown) => T {
  return error => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return value
    throw error
  }
}
