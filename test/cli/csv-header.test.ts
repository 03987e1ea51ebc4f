import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { documentOf, fileIn, millrace, pipelineIn, refused, temporaryFolder } from './command.ts'

const folder = temporaryFolder()

const salesBy = (name: string, options: string): string =>
  pipelineIn(
    folder,
    `${name}.ts`,
    `export const sales = pipeline('${name}', ({ source }) => {
      const lines = source('sales', { codec: csv({ id: int, shop: text, cents: int }, ${options}) })
      return { turnover: lines.keyBy('shop').sum('turnover', sale => sale.cents) }
    })`,
  )

const strict = salesBy('strict', '{ header: true }')
const lenient = salesBy('lenient', "{ header: true, otherColumns: 'ignore', delimiter: ';' }")
const failing = pipelineIn(
  folder,
  'failing.ts',
  `export const sales = pipeline('failing', ({ source }) => {
    const lines = source('sales', { codec: csv({ id: int, cents: int }, { header: true }), onMalformed: 'fail' })
    return { all: lines.keyBy('id').count('all') }
  })`,
)

const run = (pipeline: string, name: string, content: string) =>
  documentOf(['run', pipeline, '--json', '--input', `sales=${fileIn(folder, name, content)}`])

const mitte = [{ key: 'Mitte', value: 7 }]

describe('a file whose first line names the columns', { concurrency: 2 }, () => {
  test('is read by their names, in any order', async () => {
    const { views, sources } = await run(strict, 'a.csv', '\ufeffcents,"shop",id\r\n3,Mitte,1\r\n4,"Mitte",2\r\n')
    assert.deepEqual(views.turnover, mitte)
    assert.deepEqual(sources.sales, { read: 2, malformed: 0 })
  })

  test('is read as it is where it has the order of the codec', async () => {
    const { views } = await run(strict, 'b.csv', 'id,shop,cents\n1,Mitte,3\n2,Mitte,4')
    assert.deepEqual(views.turnover, mitte)
  })

  test('may have other columns where the codec says so', async () => {
    const { views } = await run(lenient, 'c.csv', 'note;cents;id;shop\n"a; ""b""";3;1;Mitte\n;4;2;Mitte\n')
    assert.deepEqual(views.turnover, mitte)
  })

  test('leaves lines that are unlike it to the policy of the source, with their place', async () => {
    const { stdout } = await millrace([
      'run',
      strict,
      '--input',
      `sales=${fileIn(folder, 'd.csv', 'cents,shop,id\n3,Mitte,1\n1,2\n4,Mitte,x\n4,Mitte,2\n5,"Mitte\n')}`,
    ])
    assert.match(stdout, /d\.csv:3.*Cannot read the line: found 2 columns, expected 3 as in the header/)
    assert.match(stdout, /d\.csv:4.*Cannot read column 1 "id": found "x", expected a whole number/)
    assert.match(stdout, /d\.csv:6.*Cannot read the line: found .*, expected a closing quote/)
    await refused(
      ['run', failing, '--input', `sales=${fileIn(folder, 'e.csv', 'cents,id\n3,1\n4\n')}`],
      1,
      'Cannot read input "sales" at e.csv:3: Cannot read the line: found 1 column, expected 2 as in the header',
    )
  })

  test('may have rows of several lines, each named by its first, and a quote that is never closed, by its own', async () => {
    const content =
      'id,shop,cents\r\n1,"Mitte\r\n2",3\r\n2,"Mitte\r\n2",4\r\nx,a,1\r\n3,"a\n\nb",x\r\n4,"Mitte\n\n",1\r\n5,b,"6\r\n7'
    const arguments_ = ['--input', `sales=${fileIn(folder, 'rows.csv', content)}`]
    const { views, sources } = await documentOf(['run', strict, '--json', ...arguments_])
    assert.deepEqual(views.turnover, [
      { key: 'Mitte\n\n', value: 1 },
      { key: 'Mitte\r\n2', value: 7 },
    ])
    assert.deepEqual(sources.sales, { read: 7, malformed: 4 })
    const { stdout } = await millrace(['run', strict, ...arguments_])
    assert.match(stdout, /rows\.csv:6.*Cannot read column 1 "id": found "x", expected a whole number/)
    assert.match(stdout, /rows\.csv:7.*Cannot read column 3 "cents": found "x", expected a whole number/)
    assert.match(stdout, /rows\.csv:13.*Cannot read column 3 "cents": found "\\"6", expected a closing quote/)
    assert.match(stdout, /rows\.csv:14.*Cannot read the line: found 1 column, expected 3/)
    const failed = fileIn(folder, 'failed.csv', 'id,cents\n"1",3\n"\n2",3\n')
    const { stderr } = await millrace(['run', failing, '--input', `sales=${failed}`])
    assert.match(stderr, /failed\.csv:3\)/)
  })

  const refusals: readonly [what: string, header: string, reason: string][] = [
    ['lacks a column', 'id,cents', 'found "id", "cents" without "shop", expected "id", "shop", "cents"'],
    [
      'has other columns',
      'id,shop,note,cents',
      `found also "note", expected only "id", "shop", "cents", or otherColumns: 'ignore'`,
    ],
    ['names one twice', 'id,shop,cents,id', 'found column "id" twice, expected it once'],
    ['is broken', 'id,"shop,cents', 'found "\\"shop,cents", expected the name of a column: a closing quote'],
  ]
  for (const [i, [what, header, reason]] of refusals.entries()) {
    test(`is refused where its header ${what}`, async () => {
      const path = fileIn(folder, `refused-${i}.csv`, `${header}\n1,Mitte,3\n`)
      await refused(
        ['run', strict, '--input', `sales=${path}`],
        1,
        `Cannot read input "sales": file "${path}": Cannot read the header: ${reason}`,
      )
    })
  }
})
