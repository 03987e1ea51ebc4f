import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { temporaryFolder } from '../cloud/clouds.ts'
import { fileIn } from './command.ts'
import { millrace, Running, until } from './commands.ts'

const folder = temporaryFolder()

async function newStream(): Promise<string> {
  const data = join(temporaryFolder(), 'data')
  await millrace('streams', 'create', 's', '--data', data)
  return data
}

const produce = (data: string, ...args: readonly string[]) => millrace('produce', 's', '--data', data, ...args)

async function recordsOf(data: string): Promise<{ readonly partitionKey: string; readonly data: string }[]> {
  const printed = await millrace('consume', 's', '--data', data, '--json')
  return printed
    .split('\n')
    .slice(0, -1)
    .map(line => JSON.parse(line))
}

const notes = fileIn(
  folder,
  'notes.csv',
  'id,"the\nnote",who\r\n1,"first\r\nsecond, ""third""\r\n\r\n",a\r\n2,plain,b\r\n3,"x\ny",\r\n',
)

test('a row of CSV may take several lines, and is one record', async () => {
  const data = await newStream()
  await produce(data, '--file', notes, '--header', '--codec', 'csv', '--key', 'who')
  assert.deepEqual(
    (await recordsOf(data)).map(({ data: text, partitionKey }) => [partitionKey, text]),
    [
      ['a', '1,"first\r\nsecond, ""third""\r\n\r\n",a'],
      ['b', '2,plain,b'],
      // Without a key of its own it has that of its place, the line at which it begins.
      ['line 8', '3,"x\ny",'],
    ],
  )
  const json = await newStream()
  await produce(json, '--file', notes, '--header', '--codec', 'json', '--aggregate')
  assert.deepEqual(
    (await recordsOf(json)).map(({ data: text }) => JSON.parse(text)),
    [
      { id: '1', 'the\nnote': 'first\r\nsecond, "third"\r\n\r\n', who: 'a' },
      { id: '2', 'the\nnote': 'plain', who: 'b' },
      { id: '3', 'the\nnote': 'x\ny', who: '' },
    ],
  )
})

test('what consume prints of such rows, produce --codec csv takes back', async () => {
  const data = await newStream()
  await produce(data, '--file', notes, '--codec', 'csv')
  const copy = await newStream()
  const printed = await millrace('consume', 's', '--data', data)
  await produce(copy, '--file', fileIn(folder, 'printed.csv', printed), '--codec', 'csv')
  const textsOf = async (place: string) => (await recordsOf(place)).map(({ data: text }) => text)
  assert.deepEqual(await textsOf(copy), await textsOf(data))
})

test('other lines end with their line breaks, whatever quotes they have', async () => {
  const data = await newStream()
  await produce(data, '--file', notes, '--header')
  assert.deepEqual((await recordsOf(data)).map(({ data: text }) => text).slice(0, 3), [
    'note",who',
    '1,"first',
    'second, ""third""',
  ])
})

test('a malformed row is named by the line at which it begins', async () => {
  const file = fileIn(folder, 'malformed.csv', '1,"a\nb"\n2,"c\nd",e\n3,f\n')
  await assert.rejects(produce(await newStream(), '--file', file, '--codec', 'csv'), {
    message: `Cannot put line 3 of "${file}": found 3 columns, expected 2; the lines before it are put, --skip-malformed passes over such lines`,
  })
  const data = await newStream()
  assert.match(await produce(data, '--file', file, '--codec', 'csv', '--skip-malformed'), /^Put 2 records/)
})

test('a quote that nothing closes is named by its line, and passed over with that line alone', async () => {
  const file = fileIn(folder, 'unclosed.csv', 'a,b\n1,"x\ny"\n2,"open\n3,z\n')
  const args = ['--file', file, '--header', '--codec', 'csv']
  await assert.rejects(produce(await newStream(), ...args), {
    message: `Cannot put line 4 of "${file}": column 2 "b": found "\\"open", expected a closing quote before the end of the input; the lines before it are put, --skip-malformed passes over such lines`,
  })
  const data = await newStream()
  assert.equal(
    await produce(data, ...args, '--skip-malformed'),
    'Put 2 records in stream "s": all in shardId-000000000000\nSkipped 1 malformed line, the first is line 4: column 2 "b": found "\\"open", expected a closing quote before the end of the input\n',
  )
  const large = fileIn(folder, 'large.csv', `a,b\n1,"x\n${'2,y\n'.repeat(2_000_000)}`)
  await assert.rejects(produce(data, '--file', large, '--header', '--codec', 'csv'), {
    message:
      /^Cannot put line 2 of ".+": column 2 "b": found "\\"x", expected a closing quote within the 1,047,552 bytes that a record can have; /,
  })
  const wide = fileIn(folder, 'wide.csv', `a,b\n1,"${'x'.repeat(2_000_000)}\n2,y\n`)
  await assert.rejects(
    produce(data, '--file', wide, '--header', '--codec', 'csv'),
    /^Error: Cannot put line 2: line 2 has 2,000,003 bytes, /,
  )
})

test('rows that come through a pipe are put when they are whole', async () => {
  const data = await newStream()
  const producer = new Running(['produce', 's', '--data', data, '--codec', 'csv']).write('1,"a\n')
  producer.write('b"\n2,"c')
  await until(async () => (await recordsOf(data)).length === 1)
  producer.end('\nd"')
  assert.equal(await producer.status(), 0, producer.err)
  assert.deepEqual(
    (await recordsOf(data)).map(({ data: text }) => text),
    ['1,"a\nb"', '2,"c\nd"'],
  )
})
