import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  circles,
  wrongAwsCallers,
  wrongDependencies,
  wrongEngineModules,
  wrongExampleImports,
  wrongInfraImports,
  wrongWays,
} from './rooms.ts'
import { parse, readTree } from './source-tree.ts'

const texts = readTree()
const tree = parse(texts)
const packageJson = JSON.parse(texts['package.json'] ?? '{}')

describe('between rooms', () => {
  test('imports go down, and never around', () => assert.deepEqual(wrongWays(tree), []))

  test('an import that goes up is found, of types too', () => {
    const files = parse({
      'shared/model/a.ts': "import type { B } from '../plan/b.ts'",
      'shared/plan/b.ts': "export { c } from '../../local/cli/c.ts'",
      'local/cli/c.ts': "const d = await import('../../test/d.ts')",
      'test/d.ts': "type A = import('../shared/model/a.ts').A",
    })
    assert.deepEqual(wrongWays(files), [
      '"shared/model/a.ts" imports "shared/plan/b.ts", which is above it',
      '"shared/plan/b.ts" imports "local/cli/c.ts", which is above it',
      '"local/cli/c.ts" imports "test/d.ts", which is above it',
    ])
  })

  test('rooms of one height that import each other are found', () => {
    const files = parse({
      'shared/emit/a.ts': "import { b } from '../commit/b.ts'",
      'shared/commit/b.ts': '',
      'shared/commit/c.ts': "import type { d } from '../operators/d.ts'",
      'shared/operators/d.ts': "import '../emit/a.ts'",
    })
    assert.deepEqual(wrongWays(files), ['rooms shared/commit, shared/emit, shared/operators import each other'])
  })

  test('a file in no room is found', () => {
    const files = parse({ 'shared/attic/a.ts': "import '../model/b.ts'" })
    assert.deepEqual(wrongWays(files), ['"shared/attic/a.ts" is in no room of test/tidy/rooms.ts'])
  })
})

describe('between files', () => {
  test('none import each other, but for types and where the reason is given', () => assert.deepEqual(circles(tree), []))

  test('files that import each other are found, a type among values included', () => {
    const files = parse({
      'shared/plan/a.ts': "import { b } from './b.ts'",
      'shared/plan/b.ts': "import { c } from './c.ts'",
      'shared/plan/c.ts': "import { type A } from './a.ts'",
    })
    assert.deepEqual(circles(files), ['shared/plan/a.ts, shared/plan/b.ts, shared/plan/c.ts import each other'])
  })

  test('types may go around', () => {
    const files = parse({ 'a.ts': "import { b } from './b.ts'", 'b.ts': "import type { A } from './a.ts'" })
    assert.deepEqual(circles(files), [])
  })
})

describe('from outside', () => {
  test('the engine takes from Node what computes, and nothing of the world', () => {
    assert.deepEqual(wrongEngineModules(tree), [])
    const files = parse({ 'shared/model/a.ts': "import { readFileSync } from 'node:fs'" })
    assert.deepEqual(wrongEngineModules(files), [
      '"shared/model/a.ts" imports "node:fs", which the engine may only reach through a port',
    ])
  })

  test('the AWS SDK is used where the ports are on AWS, and nowhere else in the engine', () => {
    assert.deepEqual(wrongAwsCallers(tree), [])
    const files = parse({
      'shared/runtime/a.ts': "import { S3Client } from '@aws-sdk/client-s3'",
      'shared/aws/b.ts': "import { S3Client } from '@aws-sdk/client-s3'",
    })
    assert.deepEqual(wrongAwsCallers(files), [
      '"shared/runtime/a.ts" imports "@aws-sdk/client-s3", which shared/aws stands for',
    ])
  })

  test("examples import what a user's program can", () => {
    assert.deepEqual(wrongExampleImports(tree), [])
    const files = parse({
      'functions/orders/a.ts': "import '../../shared/index.ts'\nimport './b.ts'\nimport 'millrace'",
    })
    assert.deepEqual(wrongExampleImports(files), [
      '"functions/orders/a.ts" imports "shared/index.ts", expected its own files or one of millrace, millrace/avro, millrace/files, millrace/lambda, millrace/protobuf, millrace/registry, millrace/sinks, millrace/testing',
    ])
  })

  test('a deployment knows the plan, and nothing of how the engine runs', () => {
    assert.deepEqual(wrongInfraImports(tree), [])
    const files = parse({ 'infra/a.ts': "import '../shared/plan/b.ts'\nimport '../shared/runtime/c.ts'" })
    assert.deepEqual(wrongInfraImports(files), [
      '"infra/a.ts" imports "shared/runtime/c.ts", expected shared/plan, shared/aws/table-keys.ts or its own files',
    ])
  })

  test('packages that are used are listed, and those listed are used', () => {
    assert.deepEqual(wrongDependencies(tree, packageJson), [])
    const files = parse({
      'local/run/a.ts': "import '@a/b/c'\nimport type { Context } from 'aws-lambda'\nimport { d } from 'd'",
      'test/e.ts': "import 'd'",
    })
    const json = {
      name: 'millrace',
      dependencies: { f: '1.0.0' },
      devDependencies: { '@types/aws-lambda': '1.0.0', d: '1' },
    }
    assert.deepEqual(wrongDependencies(files, json), [
      '"local/run/a.ts" imports "@a/b", which package.json does not list among its dependencies',
      '"local/run/a.ts" imports "d", which package.json does not list among its dependencies',
      'package.json lists "f", which no production file imports',
    ])
  })
})
