/** Comments are left out; a string's quotes may be in it after a backslash. */
const tokenPattern = /\/\/[^\n]*|\/\*[\s\S]*?\*\/|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|[\w.]+|[^\s]/g

/** Tokens that stick to what is before them, or to what comes after them. */
const noSpaceBefore = new Set([';', ',', ')', ']', '>', ':'])
const noSpaceAfter = new Set(['(', '[', '<', '-'])

/** A .proto file with a statement a line and without comments: the same text for the same declarations in the same order. */
export function protoText(text: string): string {
  const lines: string[] = []
  let line = ''
  let before = ''
  let depth = 0
  const end = (): void => {
    if (line !== '') lines.push('  '.repeat(Math.max(0, depth)) + line)
    line = ''
    before = ''
  }
  for (const [token] of text.matchAll(tokenPattern)) {
    if (token.startsWith('//') || token.startsWith('/*')) continue
    if (token === '}') {
      end()
      depth--
      line = '}'
      end()
      continue
    }
    // An empty statement says nothing, and may stand after a brace.
    if (token === ';' && line === '') continue
    const isGlued =
      line === '' ||
      noSpaceBefore.has(token) ||
      noSpaceAfter.has(before) ||
      token === '<' ||
      (token.startsWith('.') && before === ')')
    line += isGlued ? token : ` ${token}`
    before = token
    if (token !== '{' && token !== ';') continue
    end()
    if (token === '{') depth++
  }
  end()
  return `${lines.join('\n')}\n`
}
