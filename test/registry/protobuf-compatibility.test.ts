import assert from 'node:assert/strict'
import { test } from 'node:test'
import { protobufFormat } from '../../shared/registry/protobuf/protobuf-format.ts'
import { change, testChanges } from './verdicts.ts'

const three = (body: string) => `syntax = "proto3"; package shop; ${body}`
const message = (fields: string) => three(`message M { ${fields} }`)
const two = (fields: string) => `syntax = "proto2"; message M { ${fields} }`

// Protocol Buffers, "Updating A Message Type", and Confluent's "Protobuf Schema Serializer and Deserializer", on compatibility.
testChanges(
  'PROTOBUF',
  [
    change(
      'nothing but white space and comments change',
      message('int32 a = 1;'),
      message('\n // x\nint32 a=1 ; /* y */'),
      'both',
    ),
    change('a field is added', message('int32 a = 1;'), message('int32 a = 1; string b = 2;'), 'both'),
    change('a field is renamed', message('int32 a = 1;'), message('int32 b = 1;'), 'both'),
    change(
      'a field is replaced by a reserved number',
      message('int32 a = 1; int32 b = 2;'),
      message('reserved 2; int32 a = 1;'),
      'both',
    ),
    change('a number takes the place of another', message('int32 a = 1;'), message('uint64 a = 1;'), 'both'),
    change('a number becomes an enum', message('int32 a = 1;'), message('E a = 1; enum E { X = 0; }'), 'both'),
    change('a text becomes bytes', message('string a = 1;'), message('bytes a = 1;'), 'both'),
    change(
      'a number becomes a signed one',
      message('int32 a = 1;'),
      message('sint32 a = 1;'),
      'neither',
      /FIELD_SCALAR_KIND_CHANGED.*#\/M\/1/,
    ),
    change('a float becomes a double', message('float a = 1;'), message('double a = 1;'), 'neither'),
    change(
      'a number becomes a message',
      message('int32 a = 1;'),
      message('N a = 1; message N {}'),
      'neither',
      /FIELD_KIND_CHANGED/,
    ),
    change(
      'a field becomes of another message',
      message('N a = 1; message N {} message O {}'),
      message('O a = 1; message N {} message O {}'),
      'neither',
      /FIELD_NAMED_TYPE_CHANGED/,
    ),
    change(
      'a name is written in full',
      message('N a = 1; message N {}'),
      message('.shop.M.N a = 1; message N {}'),
      'both',
    ),
    change('a text becomes a list', message('string a = 1;'), message('repeated string a = 1;'), 'both'),
    change(
      'a number becomes a list',
      message('int32 a = 1;'),
      message('repeated int32 a = 1;'),
      'neither',
      /FIELD_NUMERIC_LABEL_CHANGED/,
    ),
    change('a field of proto3 becomes optional', message('int32 a = 1;'), message('optional int32 a = 1;'), 'both'),
    change(
      'values of a map change',
      message('map<string, int32> a = 1;'),
      message('map<string, string> a = 1;'),
      'neither',
    ),
    change(
      'a map becomes its entries',
      message('map<string, int32> a = 1;'),
      message('repeated E a = 1; message E { string key = 1; int32 value = 2; }'),
      'neither',
    ),
    change(
      'a required field is added',
      two('optional int32 a = 1;'),
      two('optional int32 a = 1; required int32 b = 2;'),
      'neither',
      /REQUIRED_FIELD/,
    ),
    change('a message is added', message(''), three('message M {} message N {}'), 'backward', /MESSAGE_REMOVED.*#\/N/),
    change(
      'messages change their order',
      three('message M {} message N {}'),
      three('message N {} message M {}'),
      'both',
    ),
    change(
      'an enum and a constant come and go',
      three('enum E { A = 0; B = 1; }'),
      three('enum E { A = 0; C = 2; } enum F { X = 0; }'),
      'both',
    ),
    change(
      'the package changes',
      message(''),
      'syntax = "proto3"; package other; message M {}',
      'neither',
      /PACKAGE_CHANGED/,
    ),
    change(
      'a field is added to a oneof',
      message('oneof o { int32 a = 1; }'),
      message('oneof o { int32 a = 1; int32 b = 2; }'),
      'backward',
      /ONEOF_FIELD_REMOVED.*#\/M\/o\/2/,
    ),
    change('a field moves into a oneof', message('int32 a = 1;'), message('oneof o { int32 a = 1; }'), 'both'),
    change(
      'two fields move into a oneof',
      message('int32 a = 1; int32 b = 2;'),
      message('oneof o { int32 a = 1; int32 b = 2; }'),
      'forward',
      /MULTIPLE_FIELDS_MOVED_TO_ONEOF/,
    ),
    change(
      'a field moves into a oneof that was there',
      message('int32 a = 1; oneof o { int32 b = 2; }'),
      message('oneof o { int32 a = 1; int32 b = 2; }'),
      'forward',
      /FIELD_MOVED_TO_EXISTING_ONEOF/,
    ),
    change(
      'a oneof goes as a whole',
      message('int32 a = 1; oneof o { int32 b = 2; }'),
      message('int32 a = 1;'),
      'both',
    ),
    change(
      'a recursive message stays',
      message('M m = 1; map<string, M> all = 2;'),
      message('M m = 1; map<string, M> all = 2;'),
      'both',
    ),
  ],
  String,
)

const imported = (text: string) => [{ name: 'money.proto', schema: { type: 'PROTOBUF' as const, text } }]
const order = three('import "money.proto"; message Order { bank.Money price = 1; }')

test('types of imports are compared where they are used', () => {
  const parse = (text: string) => protobufFormat.parse(order, imported(`syntax = "proto3"; package bank; ${text}`))
  const names = { reader: 'new', writer: 'old' }
  const before = parse('message Money { int64 cents = 1; }')
  assert.deepEqual(parse('message Money { int64 cents = 1; string currency = 2; }').problemsReading(before, names), [])
  const [problem] = parse('message Money { string cents = 1; }').problemsReading(before, names)
  assert.match(problem ?? '', /FIELD_SCALAR_KIND_CHANGED.*#\/Money\/1/)
})

test('what is no schema is refused with what is wrong', () => {
  assert.throws(() => protobufFormat.parse(order, []), /import "money.proto" leads nowhere/)
  assert.throws(
    () => protobufFormat.parse(message('Nothing a = 1;'), []),
    /field "a" of message "M" has type "Nothing", which is nowhere/,
  )
  assert.throws(() => protobufFormat.parse(message('int32 a = 1; int32 b = 1;'), []), /number|duplicate/)
  for (const text of ['message', 'syntax = "proto3"; message M {', '{}', 'message M { int32 = 1; }']) {
    assert.throws(() => protobufFormat.parse(text, []), Error, text)
  }
  // Files of Google's own need no reference.
  protobufFormat.parse(
    three('import "google/protobuf/timestamp.proto"; message M { google.protobuf.Timestamp at = 1; }'),
    [],
  )
})

test('the canonical form keeps the meaning, and is its own canonical form', () => {
  const text = `syntax = "proto3"; // comment
    package a.b; import public "google/protobuf/any.proto"; option java_package = "x;//y";
    message M { reserved 4, 6 to 8, 100 to max; reserved "x"; map < string , .a.b.N > m = 1 [ deprecated = true, json_name="k" ];
      oneof o { int32 a = 2; N n = 3; } enum E { option allow_alias = true; X = 0; Y = 0; Z = -1; }; message Inner {} }
    message N { extensions 1 to 5; } service S { rpc Call (stream M) returns (N) { option idempotency_level = NO_SIDE_EFFECTS; } }`
  const once = protobufFormat.parse(text.replace('extensions 1 to 5; ', ''), []).canonical
  assert.equal(protobufFormat.parse(once, []).canonical, once)
  assert.match(
    once,
    /^syntax = "proto3";\npackage a\.b;\nimport public "google\/protobuf\/any\.proto";\noption java_package = "x;\/\/y";\nmessage M {\n {2}reserved 4, 6 to 8, 100 to max;/,
  )
  assert.match(
    once,
    /\n {2}map<string, \.a\.b\.N> m = 1 \[deprecated = true, json_name = "k"\];\n {2}oneof o {\n {4}int32 a = 2;/,
  )
})

test('a descriptor in base64 is taken as the file that it was compiled from', () => {
  const text = three(`import "google/protobuf/timestamp.proto"; message M { reserved 6 to 8, 20; reserved "x";
    map<string, N> by_id = 1; optional int32 a = 3; repeated sint64 b = 4; E e = 5; google.protobuf.Timestamp at = 9;
    oneof o { string s = 10; .shop.M.N n = 11; } enum E { X = 0; Z = -1; } message N { bytes b = 1; } }`)
  const written = protobufFormat.parse(text, [])
  const serialized = written.serialized?.() ?? ''
  const again = protobufFormat.parse(serialized, [])
  const names = { reader: 'new', writer: 'old' }
  assert.deepEqual([...again.problemsReading(written, names), ...written.problemsReading(again, names)], [])
  assert.equal(again.serialized?.(), serialized)
  assert.match(
    again.canonical,
    /\n {2}map<string, \.shop\.M\.N> by_id = 1;\n {2}optional int32 a = 3;\n {2}repeated sint64 b = 4;/,
  )
  assert.match(again.canonical, /\n {2}oneof o {\n {4}string s = 10;\n {4}\.shop\.M\.N n = 11;\n {2}}/)
})
