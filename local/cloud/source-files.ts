import { open, readdir, stat } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import { compareNames, type FilePart, type SourceFile, type SourceFilesPort } from '../../shared/ports/source-files.ts'

/** Files in this process' memory, as a bucket has them. */
export class MemorySourceFiles implements SourceFilesPort {
  readonly #files = new Map<string, SourceFile & { readonly folder: string; readonly content: Uint8Array }>()
  #puts = 0

  /** Puts a file in the place of what has its name. */
  put(folder: string, name: string, content: Uint8Array, modifiedMs: number): void {
    const file = { folder, name, tag: String(++this.#puts), bytes: content.length, modifiedMs, content }
    this.#files.set(pathOf(folder, name), file)
  }

  remove(folder: string, name: string): void {
    this.#files.delete(pathOf(folder, name))
  }

  async list(folder: string, after: string): Promise<readonly SourceFile[]> {
    return [...this.#files.values()]
      .filter(file => file.folder === folder && compareNames(file.name, after) > 0)
      .map(({ name, tag, bytes, modifiedMs }) => ({ name, tag, bytes, modifiedMs }))
      .sort((a, b) => compareNames(a.name, b.name))
  }

  async read(folder: string, { name, tag }: SourceFile, offset: number, most: number): Promise<FilePart> {
    const file = this.#files.get(pathOf(folder, name))
    if (file === undefined) return { kind: 'missing' }
    if (file.tag !== tag) return { kind: 'changed' }
    return { kind: 'bytes', bytes: file.content.slice(offset, offset + most) }
  }
}

const pathOf = (folder: string, name: string): string => `${folder}/${name}`

/** Files of this machine. What is behind a link counts as a file; folders behind links are left out. */
export class DiskSourceFiles implements SourceFilesPort {
  async list(folder: string, after: string): Promise<readonly SourceFile[]> {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true })
    const names = entries
      .filter(entry => entry.isFile() || entry.isSymbolicLink())
      .map(entry => relative(folder, join(entry.parentPath, entry.name)).split(sep).join('/'))
      .filter(name => compareNames(name, after) > 0)
      .sort(compareNames)
    const files = await Promise.all(names.map(name => fileAt(folder, name)))
    return files.filter(file => file !== undefined)
  }

  async read(folder: string, { name, tag }: SourceFile, offset: number, most: number): Promise<FilePart> {
    const found = await fileAt(folder, name)
    if (found === undefined) return { kind: 'missing' }
    if (found.tag !== tag) return { kind: 'changed' }
    const handle = await open(join(folder, name))
    try {
      const { buffer, bytesRead } = await handle.read(Buffer.allocUnsafeSlow(most), 0, most, offset)
      return { kind: 'bytes', bytes: buffer.subarray(0, bytesRead) }
    } finally {
      await handle.close()
    }
  }
}

/** One file of a folder, as if there were no others. */
export class OneDiskFile extends DiskSourceFiles {
  readonly #name: string

  constructor(name: string) {
    super()
    this.#name = name
  }

  override async list(folder: string, after: string): Promise<readonly SourceFile[]> {
    const file = after === '' ? await fileAt(folder, this.#name) : undefined
    return file === undefined ? [] : [file]
  }
}

/** Undefined where there is none, or no file. */
async function fileAt(folder: string, name: string): Promise<SourceFile | undefined> {
  const found = await stat(join(folder, name)).catch(error => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  })
  if (found === undefined || !found.isFile()) return undefined
  return { name, tag: `${found.size}-${found.mtimeMs}`, bytes: found.size, modifiedMs: Math.floor(found.mtimeMs) }
}
