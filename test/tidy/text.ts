import type { Node } from 'typescript/unstable/ast'
import {
  isClassDeclaration,
  isExportDeclaration,
  isFunctionDeclaration,
  isIdentifier,
  isInterfaceDeclaration,
  isNamedExports,
  isTypeAliasDeclaration,
  isVariableDeclaration,
  isVariableStatement,
} from 'typescript/unstable/ast/is'
import { type Comment, nodesOf, type SourceFile } from './source-tree.ts'

type Texts = Readonly<Record<string, string>>

const longestFileLines = 350

/** Words that leave work for later, in any file. Their letters are apart here, since this file is read too. */
const laterWords = new RegExp(`\\b(${['TO' + 'DO', 'FIX' + 'ME', 'XX' + 'X'].join('|')})\\b`)

/** Folders of one machine. A pattern of a .gitignore begins at the repository and is none. */
const localPath = /(?<![\w.*)\]}/-])[/](work|tmp|root|home|Users)[/]\w/
const registryHost =
  /\b(npm|registry|artifactory|nexus|verdaccio)(-[\w-]+)?(\.[\w-]+)*\.(com|org|net|io|dev|internal|local)\b/

/** What a line of a comment looks like that was code. Prose has no such ends, and no such beginnings followed by such marks. */
const codeLines = [
  /^(const|let|var)\s+(\w+|[[{][^=]*)(:[^=]+)?\s=\s/,
  /^(import|export)\s.*(\bfrom\s*['"]|[{;]$)/,
  /^(if|for|while|switch|catch)\s*\(.*[{;)]$/,
  /^(return|throw|await)\b.*(\(.*\);?|;)$/,
  /^(async\s+)?function\s*\*?\s*\w*\(/,
  /^[})\]]+[;,]?$/,
  /^[\w.#]+\(.*\);?$/,
  /^[\w.#[\]]+\s*([-+*/]|\|\||&&|\?\?)?=\s\S.*[;)\]}]$/,
  /;$/,
]

export const laterWork = (texts: Texts): string[] =>
  findings(texts, (line, where) => (laterWords.test(line) ? [`${where} leaves work for later, do it or drop it`] : []))

export const machineNames = (texts: Texts): string[] =>
  findings(texts, (line, where) =>
    localPath.test(line) || registryHost.test(line) ? [`${where} names a folder or a host of one machine`] : [],
  )

export const longFiles = (files: readonly SourceFile[]): string[] =>
  files.flatMap(({ path, text }) => {
    const lines = text.replace(/\n$/, '').split('\n').length
    return lines > longestFileLines ? [`${path} has ${lines} lines, expected at most ${longestFileLines}`] : []
  })

/** Code in comments that are no documentation, whose examples are code by right. */
export const deadCode = (files: readonly SourceFile[]): string[] =>
  files.flatMap(({ path, comments }) =>
    comments
      .filter(comment => !comment.isDoc && contentLines(comment).some(isCode))
      .map(({ line }) => `${path}:${line} is code in a comment`),
  )

/** Addresses that an install would be bound to. */
export const boundLockfile = (lockfile: string): string[] =>
  [...lockfile.matchAll(/"resolved": .*/g)].map(([found]) => `package-lock.json binds an install to one host: ${found}`)

/** Names that an entry exports without a comment that tells what they are. */
export function undocumented(files: readonly SourceFile[], entry: string): string[] {
  const found: string[] = []
  const byPath = new Map(files.map(file => [file.path, file]))
  const index = byPath.get(entry)
  if (index === undefined) throw new Error(`Cannot check "${entry}": there is no such file`)
  const exports = [...nodesOf(index.syntax)].filter(isExportDeclaration)
  for (const [i, declaration] of exports.entries()) {
    const { exportClause } = declaration
    if (exportClause === undefined || !isNamedExports(exportClause)) continue
    const from = byPath.get(index.imports[i]?.to ?? '')
    for (const { name, propertyName } of exportClause.elements) {
      const declarations = declarationsOf(from, (propertyName ?? name).getText())
      if (!declarations.some(isDocumented)) found.push(`${entry} exports "${name.getText()}" without a doc comment`)
    }
  }
  return found
}

function declarationsOf(file: SourceFile | undefined, name: string): Node[] {
  const statements: Node[] = []
  file?.syntax.forEachChild(statement => void statements.push(statement))
  return statements.filter(statement => namesOf(statement).includes(name))
}

function namesOf(statement: Node): string[] {
  if (isVariableStatement(statement)) {
    return [...nodesOf(statement)].filter(isVariableDeclaration).map(({ name }) => name.getText())
  }
  const isNamed =
    isFunctionDeclaration(statement) ||
    isClassDeclaration(statement) ||
    isInterfaceDeclaration(statement) ||
    isTypeAliasDeclaration(statement)
  return isNamed && statement.name !== undefined && isIdentifier(statement.name) ? [statement.name.text] : []
}

const isDocumented = ({ jsDoc }: Node): boolean => jsDoc !== undefined && jsDoc.length > 0

function findings(texts: Texts, check: (line: string, where: string) => string[]): string[] {
  return Object.entries(texts).flatMap(([path, text]) =>
    text.split('\n').flatMap((line, i) => check(line, `${path}:${i + 1}`)),
  )
}

const contentLines = ({ text }: Comment): string[] =>
  text
    .replace(/\*\/$/, '')
    .split('\n')
    .map(line => line.replace(/^\s*(\/\/|\/\*|\*)/, '').trim())

const isCode = (line: string): boolean => codeLines.some(pattern => pattern.test(line))
