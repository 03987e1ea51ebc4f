import { stat } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import type { Plan } from '../../shared/plan/plan.ts'
import type { FolderSource, SourceNode } from '../../shared/plan/source.ts'
import { FileInput } from './file-input.ts'
import type { FileTarget } from './file-target.ts'
import { FolderInput } from './folder-input.ts'
import type { PaceClock } from './pace.ts'
import { RateInput } from './rate-input.ts'
import { SocketInput } from './socket-input.ts'

/** How inputs end: with what is there; or not at all, as new files of folders are waited for and records may come by other ways. */
export type InputKind =
  | { readonly kind: 'bounded' }
  | {
      readonly kind: 'served'
      readonly clock: PaceClock
      /** Milliseconds since 1970. */
      readonly dateMs: () => number
    }

export type SourceInput = FileInput | FolderInput | RateInput | SocketInput

/** What the sources of a pipeline are given, file or folder by source; a source that says what it reads here has that where none is given. */
export async function inputsFor(
  target: FileTarget,
  plan: Plan,
  paths: ReadonlyMap<string, string>,
  kind: InputKind,
): Promise<readonly SourceInput[]> {
  const sources = plan.stages.flatMap(({ input }) => (input.kind === 'source' ? [input.source] : []))
  const inputs = sources.flatMap((source): (SourceInput | Promise<SourceInput>)[] => {
    const { from } = source
    const path = paths.get(source.name) ?? (from?.kind === 'folder' ? from.folder : undefined)
    if (path !== undefined) return [inputAt(target, plan, source, path, kind)]
    if (kind.kind === 'bounded') return []
    if (from?.kind === 'rate') return [new RateInput(target, source, from, kind.clock, kind.dateMs)]
    return from?.kind === 'socket' ? [new SocketInput(target, plan, source, from)] : []
  })
  return Promise.all(inputs)
}

async function inputAt(
  target: FileTarget,
  plan: Plan,
  source: SourceNode,
  path: string,
  kind: InputKind,
): Promise<FileInput | FolderInput> {
  const isFolder = await stat(path).then(
    found => found.isDirectory(),
    () => source.from?.kind === 'folder' && path === source.from.folder,
  )
  const format = source.from?.kind === 'folder' ? source.from.format : undefined
  const readFrom = (folder: string): FolderSource => ({
    ...source,
    from: { kind: 'folder', folder, ...(format && { format }) },
  })
  const endless = kind.kind === 'served' ? { clock: kind.clock } : {}
  if (isFolder) return new FolderInput(target, plan, readFrom(path), endless)
  if (format === undefined) {
    const { name, onMalformed } = source
    const options =
      kind.kind === 'bounded' ? { end: 'of input' as const, onTooLong: onMalformed } : { end: 'of file' as const }
    return new FileInput(target, plan, name, path, options)
  }
  return new FolderInput(target, plan, readFrom(dirname(path)), { ...endless, only: basename(path) })
}
