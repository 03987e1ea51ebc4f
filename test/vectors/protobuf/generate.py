"""Writes vectors.json: messages as Google's protobuf for Python writes them, beside their JSON form.

Needs `pip install protobuf==7.36.2 grpcio-tools==1.85.1`; run in this folder: `python generate.py`.
"""

import json
import random
import struct

from google.protobuf import descriptor_pb2, json_format
from grpc_tools import protoc

FILES = ['orders.proto', 'legacy.proto']
for file in FILES:
    assert protoc.main(['protoc', '-I.', '--python_out=.', file]) == 0
assert protoc.main(['protoc', '-I.', '--include_imports', '--descriptor_set_out=descriptors.binpb', *FILES]) == 0

import legacy_pb2  # noqa: E402
import orders_pb2  # noqa: E402

rng = random.Random(7)
TEXTS = ['', 'a', 'Köln', '東京', '😀', 'x' * 40, '\ufeffmark', '\ufffd', 'line\nbreak']


def line(depth=0):
    made = orders_pb2.Order.Line(sku=rng.choice(TEXTS), price=rng.choice([0.0, -1.5, 1e300, 0.1]))
    for _ in range(rng.randrange(3) if depth < 3 else 0):
        made.parts.append(line(depth + 1))
    return made


def order():
    made = orders_pb2.Order(
        id=rng.choice(TEXTS),
        amount=rng.choice([0, 1, -1, 2**31 - 1, -(2**31)]),
        cents=rng.choice([0, 5, -5, 2**63 - 1, -(2**63), 2**53 + 1]),
        small=rng.choice([0, 2**32 - 1]),
        large=rng.choice([0, 2**64 - 1, 2**53 + 1]),
        up=rng.choice([0, -1, 2**31 - 1, -(2**31)]),
        down=rng.choice([0, -1, 2**63 - 1, -(2**63)]),
        four=rng.choice([0, 2**32 - 1]),
        eight=rng.choice([0, 2**64 - 1]),
        signed_four=rng.choice([0, -(2**31)]),
        signed_eight=rng.choice([0, -(2**63)]),
        ratio=struct.unpack('f', struct.pack('f', rng.choice([0, 0.5, -3.5])))[0],
        price=rng.choice([0, 0.1, 1e-300, float('inf')]),
        paid=rng.choice([True, False]),
        signature=bytes(rng.randrange(256) for _ in range(rng.randrange(6))),
        side=rng.choice([0, 1, 2, 9]),
        steps=[rng.randrange(-300, 300) for _ in range(rng.randrange(5))],
        tags=[rng.choice(TEXTS) for _ in range(rng.randrange(4))],
        marks=[rng.randrange(2**64) for _ in range(rng.randrange(3))],
    )
    made.lines.extend(line() for _ in range(rng.randrange(3)))
    for _ in range(rng.randrange(3)):
        made.stock[rng.choice(TEXTS)] = rng.randrange(-(2**63), 2**63)
        made.by_shelf[rng.randrange(-5, 5)].CopyFrom(line(2))
    pay = rng.randrange(3)
    if pay == 1:
        made.card = rng.choice(TEXTS)
    if pay == 2:
        made.voucher.CopyFrom(line(2))
    if rng.random() < 0.5:
        made.rank = rng.choice([0, 3])
    return made


def legacy():
    made = legacy_pb2.Legacy(id=rng.choice(TEXTS), steps=[1, -1, 300][: rng.randrange(4)])
    if rng.random() < 0.5:
        made.amount = rng.choice([0, 7, 8])
    if rng.random() < 0.5:
        made.level = rng.choice([1, 2])
    if rng.random() < 0.5:
        made.place.shelf = rng.choice(TEXTS)
    return made


def vector(message):
    return {
        'type': message.DESCRIPTOR.full_name,
        'bytes': message.SerializeToString(deterministic=True).hex(),
        'json': json_format.MessageToDict(message),
    }


def damaged(bytes_):
    """One byte changed, left out or put in, or the end cut off."""
    at = rng.randrange(len(bytes_) + 1)
    kind = rng.randrange(4)
    if kind == 0:
        return bytes_[:at] + bytes([rng.choice([0, 1, 0x7F, 0x80, 0xFF, rng.randrange(256)])]) + bytes_[at + 1 :]
    if kind == 1:
        return bytes_[:at]
    if kind == 2:
        return bytes_[:at] + bytes([rng.randrange(256)]) + bytes_[at:]
    return bytes_[:at] + bytes_[at + 1 :]


def damaged_vector(message):
    """`json` is missing where the bytes are refused."""
    bytes_ = damaged(message.SerializeToString(deterministic=True))
    read = type(message)()
    vector = {'type': message.DESCRIPTOR.full_name, 'bytes': bytes_.hex()}
    try:
        read.ParseFromString(bytes_)
        vector['json'] = json_format.MessageToDict(read)
    except Exception:  # It raises errors of several kinds.
        pass
    return vector


def index_paths(descriptor, path):
    """As Confluent's Java client counts them: in the order of the text, without the entries of maps."""
    yield descriptor.full_name, path
    nested = [each for each in descriptor.nested_types if not each.GetOptions().map_entry]
    for i, each in enumerate(nested):
        yield from index_paths(each, [*path, i])


def all_names(descriptor):
    yield descriptor.full_name
    for each in descriptor.nested_types:
        yield from all_names(each)


def files():
    for module in (orders_pb2, legacy_pb2):
        top = list(module.DESCRIPTOR.message_types_by_name.values())
        yield {
            'file': module.DESCRIPTOR.name,
            'paths': dict(pair for i, each in enumerate(top) for pair in index_paths(each, [i])),
            'sorted': sorted(name for each in top for name in all_names(each)),
        }


vectors = {
    'about': 'Protobuf messages: their bytes, and their JSON form by the rules of proto3, as Google\'s protobuf for Python 7.36.2 gives them',
    'source': 'made for this folder by generate.py',
    'messages': [vector(order()) for _ in range(60)] + [vector(legacy()) for _ in range(15)],
    'damaged': [damaged_vector(order() if i % 4 else legacy()) for i in range(400)],
    'files': list(files()),
}
with open('vectors.json', 'w') as out:
    out.write('{\n')
    for i, (name, value) in enumerate(vectors.items()):
        between = ',\n' if i else ''
        each = (json.dumps(item, ensure_ascii=True) for item in value) if isinstance(value, list) else None
        text = json.dumps(value) if each is None else '[\n' + ',\n'.join(each) + '\n]'
        out.write(f'{between}"{name}": {text}')
    out.write('\n}\n')
