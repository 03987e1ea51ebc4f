import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { parse, readTree } from './source-tree.ts'
import { boundLockfile, deadCode, laterWork, longFiles, machineNames, undocumented } from './text.ts'

const texts = readTree()
const tree = parse(texts)

describe('no file', () => {
  test('leaves work for later', () => {
    assert.deepEqual(laterWork(texts), [])
    const word = ['TO', 'DO'].join('')
    assert.deepEqual(laterWork({ 'a.md': `one\n${word}: more`, 'b.ts': `// ${word}S are other things` }), [
      'a.md:2 leaves work for later, do it or drop it',
    ])
  })

  test('names a folder or a host of one machine', () => {
    assert.deepEqual(machineNames(texts), [])
    const found = {
      'a.md': ['see ', 'work', 'main/'].join('/'),
      'b.ts': `'${['', 'tmp', 'x'].join('/')}'`,
      'c.json': `https://registry.${'npmjs'}.org/x`,
    }
    const others = {
      'd.ts': "'local/tmp/x' tmp/x",
      'e.md': 'https://www.npmjs.com/package/x',
      'f.ts': 'registry.names()',
    }
    const sentences = ['a.md', 'b.ts', 'c.json'].map(path => `${path}:1 names a folder or a host of one machine`)
    assert.deepEqual(machineNames({ ...found, ...others }), sentences)
  })

  test('is too long to hold one concept', () => {
    assert.deepEqual(longFiles(tree), [])
    const files = parse({ 'a.ts': 'a()\n'.repeat(350), 'b.ts': 'b()\n'.repeat(351) })
    assert.deepEqual(longFiles(files), ['b.ts has 351 lines, expected at most 350'])
  })
})

describe('code in a comment', () => {
  test('is nowhere', () => assert.deepEqual(deadCode(tree), []))

  const codes = [
    '// const a = b.c()',
    "// import { a } from './a.ts'",
    '// if (a === b) {',
    '//   return a.b(c)',
    '// a.b(c)',
    '// this.#a = b(c)',
    '// }',
    '/* a += 1; */',
    '/*\n * Why.\n * throw new Error(a)\n */',
    'a() // b();',
  ]
  for (const code of codes) {
    test(`is found: ${JSON.stringify(code)}`, () => {
      assert.deepEqual(deadCode(parse({ 'a.ts': `é()\n${code}` })), ['a.ts:2 is code in a comment'])
    })
  }

  const others = [
    '// If one of them (the last) waits, so do the others (see above)',
    '// Return what is there; the rest comes with a(b)',
    '// let it be so, with x = y for all of them.',
    '/** a.b(c) */',
    "'// a.b(c)'",
    '`$' + '{a} // b();`',
    '/[/]/ ',
  ]
  for (const other of others) {
    test(`is not found: ${JSON.stringify(other)}`, () => assert.deepEqual(deadCode(parse({ 'a.ts': other })), []))
  }
})

test('the lockfile binds an install to no host', () => {
  assert.deepEqual(boundLockfile(texts['package-lock.json'] ?? ''), [])
  assert.deepEqual(boundLockfile('{\n "resolved": "https://a.b/c.tgz",\n}'), [
    'package-lock.json binds an install to one host: "resolved": "https://a.b/c.tgz",',
  ])
})

describe('every name that the package exports', () => {
  for (const entry of ['shared/index.ts', 'shared/codecs/avro/index.ts', 'local/testing/index.ts', 'infra/index.ts']) {
    test(`from ${entry} has a doc comment`, () => assert.deepEqual(undocumented(tree, entry), []))
  }

  test('is looked up where it is declared', () => {
    const files = parse({
      'index.ts': "export { a, b, type C } from './a.ts'\nexport { D as E } from './b.ts'",
      'a.ts': '/** A. */\nexport const a = 1\nexport function b() {}\n/** C. */\nexport type C = 1',
      'b.ts': 'export class D {}',
    })
    assert.deepEqual(undocumented(files, 'index.ts'), [
      'index.ts exports "b" without a doc comment',
      'index.ts exports "E" without a doc comment',
    ])
  })
})
