import { statSync } from 'node:fs'
import { resolve } from 'node:path'
import { buildSync } from 'esbuild'

/** The names that a module exports. Throws an Error with esbuild's account of what cannot be read. */
export function exportsOf(entry: string): ReadonlySet<string> {
  if (!statSync(entry, { throwIfNoEntry: false })?.isFile())
    throw new Error(`Cannot read "${entry}": there is no such file`)
  const { metafile } = buildSync({
    // Without a folder esbuild would take it for the name of a package.
    entryPoints: [resolve(entry)],
    outfile: 'entry.js',
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    metafile: true,
    write: false,
    logLevel: 'silent',
  })
  return new Set(Object.values(metafile.outputs).flatMap(output => output.exports))
}

/**
 * What each stage's handler is exported as: the stage's own name, which a string may name in `export { x as "top-clients" }`, or that name in
 * camel case.
 */
export function handlerNames(stages: readonly string[], exported: ReadonlySet<string>): ReadonlyMap<string, string> {
  const names = new Map<string, string>()
  for (const stage of stages) {
    const name = [stage, camelCase(stage)].find(candidate => exported.has(candidate))
    if (name !== undefined) names.set(stage, name)
  }
  return names
}

/** `top-clients` is `topClients`. */
export const camelCase = (name: string): string =>
  name.replace(/[-_]+(.)?/g, (_, next: string | undefined) => next?.toUpperCase() ?? '')
