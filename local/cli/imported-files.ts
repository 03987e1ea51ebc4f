import { statSync } from 'node:fs'
import { registerHooks } from 'node:module'
import { fileURLToPath } from 'node:url'

/** A file as it was when it was imported. */
export type ImportedFile = { readonly path: string; readonly stamp: string }

/** Runs `load` and tells which files of the user's it imported, also when it fails. Packages of npm are left out. */
export async function importedFiles<T>(
  load: () => Promise<T>,
): Promise<{ readonly files: readonly ImportedFile[]; readonly result: PromiseSettledResult<T> }> {
  const files = new Map<string, ImportedFile>()
  const hooks = registerHooks({
    resolve(specifier, context, next) {
      const resolved = next(specifier, context)
      if (resolved.url.startsWith('file:')) {
        const path = fileURLToPath(resolved.url.replace(/[?#].*$/, ''))
        // Before it is read: a change in between is one too many, never one too few.
        if (!path.includes('/node_modules/') && !files.has(path)) files.set(path, { path, stamp: stampOf(path) })
      }
      return resolved
    },
  })
  const [result] = await Promise.allSettled([load()])
  hooks.deregister()
  return { files: [...files.values()], result }
}

/** Changes when the file is written, replaced or deleted. */
export function stampOf(path: string): string {
  const found = statSync(path, { throwIfNoEntry: false })
  return found === undefined ? '' : `${found.ino}/${found.size}/${found.mtimeMs}`
}
