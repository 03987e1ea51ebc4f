import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join, normalize, resolve } from 'node:path'
import type { Node } from 'typescript/unstable/ast'
import {
  isCallExpression,
  isExportDeclaration,
  isImportDeclaration,
  isImportTypeNode,
  isLiteralTypeNode,
  isNoSubstitutionTemplateLiteral,
  isRegularExpressionLiteral,
  isStringLiteral,
  isTemplateHead,
  isTemplateMiddle,
  isTemplateTail,
} from 'typescript/unstable/ast/is'
import { createVirtualFileSystem } from 'typescript/unstable/fs'
import { API } from 'typescript/unstable/sync'

export type Import = {
  /** A path below the root for a file of ours, else as it stands in the source: `node:fs`, `msgpackr`. */
  readonly to: string
  /** Whether nothing of it is left at run time. */
  readonly isTypeOnly: boolean
  readonly isOurs: boolean
}

export type Comment = { readonly text: string; readonly line: number; readonly isDoc: boolean }

export type SourceFile = {
  /** Below the root: `shared/model/key.ts`. */
  readonly path: string
  readonly text: string
  readonly syntax: Node
  readonly imports: readonly Import[]
  readonly comments: readonly Comment[]
}

const root = resolve(import.meta.dirname, '../..')

/** Files that are imported by a name, as one of several may stand behind it: "imports" in package.json. */
const { imports: ownNames }: { readonly imports: Readonly<Record<string, { readonly default: string }>> } = JSON.parse(
  readFileSync(join(root, 'package.json'), 'utf8'),
)

/** Texts of the files that git keeps or would keep, by their paths. */
export function readTree(): Record<string, string> {
  const list = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], { cwd: root })
  const paths = list
    .toString()
    .split('\n')
    .filter(path => path !== '' && existsSync(join(root, path)))
  return Object.fromEntries(paths.map(path => [path, readFileSync(join(root, path), 'utf8')]))
}

/** Parses the TypeScript and JavaScript files among `texts`. */
export function parse(texts: Readonly<Record<string, string>>): readonly SourceFile[] {
  const sources = Object.entries(texts).filter(([path]) => /\.m?[jt]s$/.test(path))
  const at = (path: string) => `/tree/${path}`
  const files = Object.fromEntries(sources.map(([path, text]) => [at(path), text]))
  const fs = createVirtualFileSystem({ ...files, '/tree/tsconfig.json': JSON.stringify(settings) })
  const api = new API({ cwd: '/tree', fs })
  try {
    using snapshot = api.updateSnapshot({ openProject: '/tree/tsconfig.json' })
    const project = snapshot.getProjects()[0]
    return sources.map(([path, text]) => {
      const syntax = project?.program.getSourceFile(at(path))
      if (syntax === undefined) throw new Error(`Cannot parse "${path}": the parser does not know it`)
      return { path, text, syntax, imports: importsOf(path, syntax), comments: commentsOf(text, syntax) }
    })
  } finally {
    api.close()
  }
}

const settings = {
  compilerOptions: { allowJs: true, noLib: true, noResolve: true, types: [], noEmit: true, module: 'esnext' },
  include: ['**/*'],
}

/** Every node of a file, parents first. */
export function* nodesOf(node: Node): Generator<Node> {
  yield node
  const children: Node[] = []
  node.forEachChild(child => void children.push(child))
  for (const child of children) yield* nodesOf(child)
}

/** 1 is the first line. */
export const lineOf = (text: string, position: number): number => text.slice(0, position).split('\n').length

function importsOf(path: string, syntax: Node): readonly Import[] {
  const imports: Import[] = []
  const add = (specifier: Node | undefined, isTypeOnly: boolean): void => {
    if (specifier === undefined || !isStringLiteral(specifier)) return
    const ownName = ownNames[specifier.text]?.default
    const isRelative = specifier.text.startsWith('.')
    const to = isRelative ? normalize(join(path, '..', specifier.text)) : (ownName ?? specifier.text)
    imports.push({ to: normalize(to), isTypeOnly, isOurs: isRelative || ownName !== undefined })
  }
  for (const node of nodesOf(syntax)) {
    if (isImportDeclaration(node)) add(node.moduleSpecifier, /^import\s+type\b/.test(node.getText()))
    else if (isExportDeclaration(node)) add(node.moduleSpecifier, node.isTypeOnly)
    else if (isImportTypeNode(node) && isLiteralTypeNode(node.argument)) add(node.argument.literal, true)
    else if (isCallExpression(node) && node.expression.getText() === 'import') add(node.arguments[0], false)
  }
  return imports
}

/** Comments are what looks like one outside strings, templates and regular expressions. */
function commentsOf(text: string, syntax: Node): readonly Comment[] {
  let code = text
  for (const node of nodesOf(syntax)) {
    if (isLiteral(node)) code = blanked(code, node.getStart(), node.end)
  }
  return [...code.matchAll(/\/\/.*|\/\*[\s\S]*?\*\//g)].map(({ 0: { length }, index }) => {
    const comment = text.slice(index, index + length)
    return { text: comment, line: lineOf(text, index), isDoc: comment.startsWith('/**') }
  })
}

const isLiteral = (node: Node): boolean =>
  isStringLiteral(node) ||
  isRegularExpressionLiteral(node) ||
  isNoSubstitutionTemplateLiteral(node) ||
  isTemplateHead(node) ||
  isTemplateMiddle(node) ||
  isTemplateTail(node)

const blanked = (text: string, start: number, end: number): string =>
  text.slice(0, start) + ' '.repeat(end - start) + text.slice(end)
