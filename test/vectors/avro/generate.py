"""Writes vectors.json: Avro values, pairs of schemas and container files as fastavro writes and reads them.

    pip install fastavro==1.13.1 cramjam==2.14.0
    python generate.py > vectors.json

Values are JSON, with {"$bytes": hex}, {"$long": digits} for integers beyond 2^53, and {"$number": "NaN" | "Infinity" | "-Infinity" | "-0"}.
Logical types are as millrace reads them: see docs/avro.md.
"""

import base64
import datetime
import decimal
import io
import json
import math
import random
import uuid

import fastavro
import fastavro.schema

SEED = 7
PLAIN = 180
PAIRS = 480

decimal.getcontext().prec = 60
UTC = datetime.timezone.utc
EPOCH = datetime.datetime(1970, 1, 1, tzinfo=UTC)
LOCAL_EPOCH = datetime.datetime(1970, 1, 1)

PROMOTIONS = {
    "int": ["long", "float", "double"],
    "long": ["float", "double"],
    "float": ["double"],
    "string": ["bytes"],
    "bytes": ["string"],
}
PRIMITIVES = ["null", "boolean", "int", "long", "float", "double", "bytes", "string"]
LOGICAL = [
    {"type": "int", "logicalType": "date"},
    {"type": "int", "logicalType": "time-millis"},
    {"type": "long", "logicalType": "time-micros"},
    {"type": "long", "logicalType": "timestamp-millis"},
    {"type": "long", "logicalType": "timestamp-micros"},
    {"type": "long", "logicalType": "local-timestamp-millis"},
    {"type": "long", "logicalType": "local-timestamp-micros"},
    {"type": "string", "logicalType": "uuid"},
    {"type": "bytes", "logicalType": "decimal", "precision": 30, "scale": 4},
    {"type": "bytes", "logicalType": "decimal", "precision": 6},
]
TEXTS = ["", "a", "köln", "東京", "😀", "x" * 70, "é" * 40, "line\nbreak"]
INTS = [0, -1, 1, 63, 64, -64, -65, 8191, 8192, 2**27, 2**28, 2**31 - 1, -(2**31)]
LONGS = INTS + [2**31, 2**34, 2**35 - 1, 2**53 - 1, -(2**53) + 1, 2**53, 2**53 + 1, -(2**53), -(2**53) - 1, 2**63 - 1, -(2**63)]
DOUBLES = [0.0, -0.0, 1.5, -2.25, 1e300, 5e-324, math.inf, -math.inf, math.nan, 0.1]
FLOATS = [0.0, -0.0, 1.5, -2.25, math.inf, math.nan, 16777216.0]


class Generator:
    def __init__(self, seed):
        self.random = random.Random(seed)
        self.count = 0

    def name(self, kind):
        self.count += 1
        return f"{kind}{self.count}"

    def schema(self, depth, names):
        """A random schema; `names` holds the named types that are complete, so that they can be named again."""
        r = self.random
        roll = r.random()
        if names and roll < 0.08:
            return r.choice(names)[0]
        if depth == 0 or roll < 0.35:
            return r.choice(PRIMITIVES)
        if roll < 0.45:
            return dict(r.choice(LOGICAL))
        if roll < 0.52:
            symbols = ["A", "B", "C", "D", "E"][: r.randint(1, 5)]
            made = {"type": "enum", "name": self.name("E"), "symbols": symbols}
            names.append((made["name"], made))
            return made
        if roll < 0.58:
            made = {"type": "fixed", "name": self.name("F"), "size": r.choice([0, 1, 4, 16])}
            names.append((made["name"], made))
            return made
        if roll < 0.66:
            return {"type": "array", "items": self.schema(depth - 1, names)}
        if roll < 0.74:
            return {"type": "map", "values": self.schema(depth - 1, names)}
        if roll < 0.84:
            return self.union(depth, names)
        return self.record(depth, names)

    def union(self, depth, names):
        branches, seen = [], set()
        for _ in range(self.random.randint(2, 4)):
            before = len(names)
            branch = self.schema(depth - 1, names)
            kind = kind_of(branch, dict(names))
            if isinstance(branch, list):
                del names[before:]
                continue
            key = branch["name"] if isinstance(branch, dict) and "name" in branch else branch if isinstance(branch, str) else branch["type"]
            # One branch for each type in the program: what comes back says which it was.
            group = {"int": "n", "long": "n", "float": "n", "double": "n", "enum": "s", "string": "s", "fixed": "b", "bytes": "b", "record": "o", "map": "o"}.get(kind, kind)
            if isinstance(branch, dict) and "logicalType" in branch:
                group = {"uuid": "s", "decimal": "b"}.get(branch["logicalType"], "n")
            if group in seen or key in seen:
                del names[before:]
                continue
            seen |= {group, key}
            branches.append(branch)
        return branches or ["null"]

    def record(self, depth, names):
        name = self.name("R")
        fields = [{"name": f"f{i}", "type": self.schema(depth - 1, names)} for i in range(self.random.randint(1, 4))]
        made = {"type": "record", "name": name, "fields": fields}
        names.append((name, made))
        return made

    def value(self, schema, names, depth=0):
        r = self.random
        if isinstance(schema, list):
            return self.value(r.choice(schema), names, depth)
        if isinstance(schema, str) and schema in names:
            schema = names[schema]
        kind = schema if isinstance(schema, str) else schema["type"]
        logical = None if isinstance(schema, str) else schema.get("logicalType")
        if logical:
            return self.logical_value(schema, logical)
        if kind == "null":
            return None
        if kind == "boolean":
            return r.random() < 0.5
        if kind == "int":
            return r.choice(INTS + [r.randint(-1000, 1000)])
        if kind == "long":
            return r.choice(LONGS + [r.randint(-(2**40), 2**40)])
        if kind == "float":
            return r.choice(FLOATS)
        if kind == "double":
            return r.choice(DOUBLES + [r.uniform(-1e6, 1e6)])
        if kind == "bytes":
            return bytes(r.randrange(256) for _ in range(r.choice([0, 1, 5, 70]))) if r.random() < 0.5 else r.choice(TEXTS).encode()
        if kind == "string":
            return r.choice(TEXTS)
        if kind == "enum":
            return r.choice(schema["symbols"])
        if kind == "fixed":
            return bytes(r.randrange(256) for _ in range(schema["size"]))
        if kind == "array":
            return [self.value(schema["items"], names, depth + 1) for _ in range(r.choice([0, 1, 3]))]
        if kind == "map":
            return {r.choice(TEXTS) + str(i): self.value(schema["values"], names, depth + 1) for i in range(r.choice([0, 1, 2]))}
        return {field["name"]: self.value(field["type"], names, depth + 1) for field in schema["fields"]}

    def logical_value(self, schema, logical):
        r = self.random
        if logical == "date":
            return datetime.date(1970, 1, 1) + datetime.timedelta(days=r.choice([0, -1, 19782, -719162, 2932896]))
        micros = r.choice([0, 1, 86_399_999_999, r.randrange(86_400_000_000)])
        if logical == "time-millis":
            micros -= micros % 1000
        if logical.startswith("time-"):
            return (LOCAL_EPOCH + datetime.timedelta(microseconds=micros)).time()
        if "timestamp" in logical:
            moment = r.choice([0, -1000, 1_700_000_000_123_000, -62_135_596_800_000_000, 253_402_300_799_999_000])
            if logical.endswith("micros"):
                moment += r.randrange(1000) if moment > 0 else 0
            epoch = LOCAL_EPOCH if logical.startswith("local") else EPOCH
            return epoch + datetime.timedelta(microseconds=moment)
        if logical == "uuid":
            return uuid.UUID(int=r.getrandbits(128))
        digits = r.choice([0, 1, -1, 127, 128, -128, -129, 999999, -999999, r.randrange(-(10**6) + 1, 10**6)])
        if schema["precision"] == 30:
            digits = r.choice([digits, r.randrange(-(10**30) + 1, 10**30)])
        return decimal.Decimal(digits).scaleb(-schema.get("scale", 0))

    # A reader's schema from a writer's: what people change.

    def changed(self, schema, names, seen):
        r = self.random
        if isinstance(schema, list):
            return self.changed_union(schema, names, seen)
        if isinstance(schema, str):
            if schema in names:
                return schema
            return self.changed_primitive(schema)
        if "logicalType" in schema:
            return [schema, "null"] if r.random() < 0.1 else schema
        kind = schema["type"]
        if "name" in schema:
            seen.add(schema["name"])
        if kind == "array":
            return {**schema, "items": self.changed(schema["items"], names, seen)}
        if kind == "map":
            return {**schema, "values": self.changed(schema["values"], names, seen)}
        made = dict(schema)
        if kind == "enum":
            roll = r.random()
            if roll < 0.3:
                made["symbols"] = list(reversed(schema["symbols"])) + ["Z"]
            elif roll < 0.6:
                made["symbols"] = schema["symbols"][:-1] + ["Y"]
                if r.random() < 0.6:
                    made["default"] = "Y"
        elif kind == "fixed":
            if r.random() < 0.05:
                made["size"] = schema["size"] + 1
        elif kind == "record":
            made["fields"] = self.changed_fields(schema["fields"], names, seen)
        if r.random() < 0.06:
            # References go to the new name too: then the writer's schema is the only one that has the old one.
            made["namespace"] = "com.acme"
        return made

    def changed_primitive(self, kind):
        r = self.random
        roll = r.random()
        if roll < 0.25 and kind in PROMOTIONS:
            return r.choice(PROMOTIONS[kind])
        if roll < 0.32:
            return r.choice(PRIMITIVES)
        if roll < 0.42:
            return ["null", kind] if kind != "null" else ["null", "string"]
        return kind

    def changed_union(self, branches, names, seen):
        r = self.random
        made = [self.changed(branch, names, seen) for branch in branches]
        made = [branch for branch in made if not isinstance(branch, list)]
        if len(made) > 1 and r.random() < 0.2:
            made.pop(r.randrange(len(made)))
        if len(made) == 1 and r.random() < 0.4:
            return made[0]
        keys = [branch["name"] if isinstance(branch, dict) and "name" in branch else branch if isinstance(branch, str) else branch["type"] for branch in made]
        return made if made and len(set(keys)) == len(keys) else branches

    def changed_fields(self, fields, names, seen):
        r = self.random
        made = []
        for field in fields:
            roll = r.random()
            if roll < 0.12 and not defines(field["type"]):
                continue
            one = {**field, "type": self.changed(field["type"], names, seen)}
            if 0.12 <= roll < 0.22:
                one["name"] = field["name"] + "_new"
                if r.random() < 0.85:
                    one["aliases"] = ["never", field["name"]]
            made.append(one)
        if r.random() < 0.4:
            made.append(r.choice(DEFAULTED))
        if r.random() < 0.06:
            made.append({"name": "required", "type": "int"})
        if r.random() < 0.2 and not any(defines(field["type"]) for field in made):
            made.reverse()
        return made


DEFAULTED = [
    {"name": "d1", "type": "int", "default": -7},
    {"name": "d2", "type": ["null", "string"], "default": None},
    {"name": "d3", "type": "string", "default": "köln"},
    {"name": "d4", "type": {"type": "array", "items": "double"}, "default": [1, 2.5]},
    {"name": "d5", "type": {"type": "map", "values": "long"}, "default": {"a": 1}},
    {"name": "d6", "type": "boolean", "default": True},
    {"name": "d7", "type": ["string", "null"], "default": "x"},
]


def defines(schema):
    if isinstance(schema, list):
        return any(defines(branch) for branch in schema)
    if isinstance(schema, dict):
        return "name" in schema or defines(schema.get("items")) or defines(schema.get("values"))
    return False


def kind_of(schema, names):
    if isinstance(schema, str):
        return kind_of(names[schema], names) if schema in names else schema
    return "union" if isinstance(schema, list) else schema["type"]


def definitions(schema, found):
    if isinstance(schema, list):
        for branch in schema:
            definitions(branch, found)
    elif isinstance(schema, dict):
        if "name" in schema:
            found[schema["name"]] = schema
            found[(schema.get("namespace", "") + "." + schema["name"]).lstrip(".")] = schema
        for field in schema.get("fields", []):
            definitions(field["type"], found)
        definitions(schema.get("items"), found)
        definitions(schema.get("values"), found)
    return found


def units(logical):
    return 1000 if logical.endswith("millis") else 1


def ours(value, schema, names):
    """A value of fastavro's as millrace reads it by this schema."""
    if isinstance(schema, list):
        return ours(value, branch_of(value, schema, names), names)
    if isinstance(schema, str) and schema in names:
        schema = names[schema]
    kind = schema if isinstance(schema, str) else schema["type"]
    logical = "" if isinstance(schema, str) else schema.get("logicalType", "")
    if isinstance(value, datetime.datetime):
        since = value - (EPOCH if value.tzinfo else LOCAL_EPOCH)
        return whole((since // datetime.timedelta(microseconds=1)) // units(logical))
    if isinstance(value, datetime.date):
        return value.isoformat()
    if isinstance(value, datetime.time):
        since = ((value.hour * 60 + value.minute) * 60 + value.second) * 1_000_000 + value.microsecond
        return since // units(logical)
    if isinstance(value, uuid.UUID):
        return str(value)
    if isinstance(value, decimal.Decimal):
        return format(value, "f")
    if kind == "record":
        return {field["name"]: ours(value[field["name"]], field["type"], names) for field in schema["fields"]}
    if isinstance(value, dict):
        return {key: ours(each, schema["values"], names) for key, each in value.items()}
    if isinstance(value, list):
        return [ours(each, schema["items"], names) for each in value]
    if isinstance(value, (bytes, bytearray)):
        return {"$bytes": value.hex()}
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return value
    if isinstance(value, int) and kind in ("float", "double"):
        value = float(value)
    return whole(value) if isinstance(value, int) else number(value, kind)


def whole(value):
    return value if abs(value) < 2**53 else {"$long": str(value)}


def number(value, kind):
    if kind == "float" and math.isfinite(value):
        # As wide as a float is: fastavro keeps what was promoted to it as it was.
        import struct

        value = struct.unpack("<f", struct.pack("<f", value))[0]
    if math.isnan(value) or math.isinf(value):
        return {"$number": "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"}
    if value == 0 and math.copysign(1, value) < 0:
        return {"$number": "-0"}
    return value


def branch_of(value, branches, names):
    for branch in branches:
        kind = kind_of(branch, names)
        logical = branch.get("logicalType", "") if isinstance(branch, dict) else ""
        fits = {
            "null": value is None,
            "boolean": isinstance(value, bool),
            "int": isinstance(value, int) and not isinstance(value, bool),
            "long": isinstance(value, int) and not isinstance(value, bool),
            "float": isinstance(value, float),
            "double": isinstance(value, float),
            "bytes": isinstance(value, bytes),
            "fixed": isinstance(value, bytes),
            "string": isinstance(value, str),
            "enum": isinstance(value, str),
            "array": isinstance(value, list),
            "map": isinstance(value, dict),
            "record": isinstance(value, dict),
        }[kind]
        if logical:
            python = {"date": datetime.date, "uuid": uuid.UUID, "decimal": decimal.Decimal}.get(logical)
            python = python or (datetime.time if logical.startswith("time-") else datetime.datetime)
            fits = type(value) is python
        if fits:
            return branch
    # A whole number that was promoted.
    return next(branch for branch in branches if kind_of(branch, names) in ("float", "double"))


def written(schema, value):
    out = io.BytesIO()
    fastavro.schemaless_writer(out, schema, value)
    return out.getvalue()


def plain_cases(generator):
    cases = []
    while len(cases) < PLAIN:
        names = []
        schema = generator.schema(3, names)
        defined = definitions(schema, {})
        parsed = fastavro.parse_schema(json.loads(json.dumps(schema)))
        try:
            data = written(parsed, generator.value(schema, dict(names)))
        except Exception:
            # A value that fastavro writes by another branch than it was made for, e.g. a float too small for one.
            continue
        value = fastavro.schemaless_reader(io.BytesIO(data), parsed, None)
        form = fastavro.schema.to_parsing_canonical_form(parsed)
        fingerprint = fastavro.schema.fingerprint(form, "CRC-64-AVRO")
        cases.append({"schema": schema, "hex": data.hex(), "value": ours(value, schema, defined), "fingerprint": fingerprint})
    return cases


def pair_cases(generator):
    cases = []
    while len(cases) < PAIRS:
        names = []
        # Records are what people change: others now and then.
        writer = generator.record(3, names) if generator.random.random() < 0.8 else generator.schema(3, names)
        reader = generator.changed(writer, dict(names), set())
        if json.dumps(writer) == json.dumps(reader):
            continue
        try:
            parsed = fastavro.parse_schema(json.loads(json.dumps(writer)))
            parsed_reader = fastavro.parse_schema(json.loads(json.dumps(reader)))
            data = written(parsed, generator.value(writer, dict(names)))
        except Exception:
            continue
        case = {"writer": writer, "reader": reader, "hex": data.hex()}
        try:
            value = fastavro.schemaless_reader(io.BytesIO(data), parsed, parsed_reader)
        except Exception as error:
            case["error"] = f"{type(error).__name__}: {error}"[:80]
        if "error" not in case:
            try:
                case["value"] = ours(value, reader, definitions(reader, {}))
            except StopIteration:
                # Of no branch for sure.
                continue
        cases.append(case)
    return cases


def file_cases(generator):
    schema = {
        "type": "record",
        "name": "Order",
        "namespace": "com.acme",
        "fields": [
            {"name": "id", "type": "long"},
            {"name": "side", "type": {"type": "enum", "name": "Side", "symbols": ["B", "S"]}},
            {"name": "price", "type": {"type": "bytes", "logicalType": "decimal", "precision": 9, "scale": 2}},
            {"name": "at", "type": {"type": "long", "logicalType": "timestamp-millis"}},
            {"name": "note", "type": ["null", "string"], "default": None},
        ],
    }
    defined = definitions(schema, {})
    cases = []
    for codec in ["null", "deflate", "snappy"]:
        for count, interval in [(0, 16000), (1, 16000), (60, 200)]:
            values = [
                {
                    "id": i,
                    "side": "BS"[i % 2],
                    "price": decimal.Decimal(i * 25 - 500).scaleb(-2),
                    "at": EPOCH + datetime.timedelta(seconds=i),
                    "note": None if i % 3 else f"note {i}",
                }
                for i in range(count)
            ]
            out = io.BytesIO()
            marker = bytes(generator.random.randrange(256) for _ in range(16))
            fastavro.writer(out, schema, values, codec=codec, sync_interval=interval, metadata={"made.by": "fastavro"}, sync_marker=marker)
            cases.append(
                {"codec": codec, "schema": schema, "file": base64.b64encode(out.getvalue()).decode(), "values": [ours(value, schema, defined) for value in values]}
            )
    return cases


if __name__ == "__main__":
    generator = Generator(SEED)
    vectors = {
        "about": "Avro values, pairs of schemas and container files",
        "source": f"made by generate.py with fastavro {fastavro.__version__} (MIT)",
        "plain": plain_cases(generator),
        "pairs": pair_cases(generator),
        "files": file_cases(generator),
    }
    sections = []
    for name, content in vectors.items():
        if isinstance(content, str):
            sections.append(f"{json.dumps(name)}: {json.dumps(content)}")
        else:
            lines = ",\n".join(json.dumps(case, ensure_ascii=False, separators=(",", ":")) for case in content)
            sections.append(f"{json.dumps(name)}: [\n{lines}\n]")
    print("{\n" + ",\n".join(sections) + "\n}")
