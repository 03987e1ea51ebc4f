import { registerHooks } from 'node:module'
import { relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { mutations } from './all.ts'
import { type Edit, edited } from './mutation.ts'

// Loaded before the program: `node --import ./hook.ts run.ts <mutation>`. What is loaded after it is the mutated engine.

const root = fileURLToPath(new URL('../../../', import.meta.url))
const mutation = mutations.find(({ name }) => name === process.argv[2])

/** Edits that no file that was loaded has had. */
export const unmade = new Set<Edit>(mutation?.edits)

registerHooks({
  load(url, context, nextLoad) {
    const loaded = nextLoad(url, context)
    const edits = mutation?.edits.filter(
      ({ file }) => url.startsWith('file:') && relative(root, fileURLToPath(url)) === file,
    )
    if (mutation === undefined || edits === undefined || edits.length === 0) return loaded
    let text = textOf(loaded.source)
    for (const edit of edits) {
      text = edited(mutation, edit, text)
      unmade.delete(edit)
    }
    return { ...loaded, source: text }
  },
})

function textOf(source: string | ArrayBuffer | NodeJS.TypedArray | null | undefined): string {
  if (typeof source === 'string') return source
  if (source === null || source === undefined) throw new Error('Cannot change a module: it was loaded without source')
  return new TextDecoder().decode(source)
}
