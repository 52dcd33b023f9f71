"""Python's json and base64, and cbor2, as judges of ours.

other_codecs.py read DIRECTORY   each NAME.json or NAME.cbor there is a request with the message NAME.raw: says of
                                 each, on a line, all of it but rawMessage as JSON, byte strings as base64
other_codecs.py answers          answers of a scanner, one a line: "json" or "cbor", and octets as hex
"""
import base64
import json
import pathlib
import sys

import cbor2


def no_name_twice(pairs):
    names = [name for name, _ in pairs]
    assert len(set(names)) == len(names), names
    return dict(pairs)


def read_json(octets):
    request = json.loads(octets.decode("utf-8", "strict"), object_pairs_hook=no_name_twice)
    raw = request.pop("rawMessage", None)
    if raw is None:
        return request, raw
    octets = base64.b64decode(raw, validate=True)
    assert base64.b64encode(octets).decode() == raw, "not canonical"
    return request, octets


def read_cbor(octets):
    request = cbor2.loads(octets)
    assert cbor2.dumps(request) == octets, "not in its shortest form"
    raw = request.pop("rawMessage", None)
    assert raw is None or isinstance(raw, bytes)
    return request, raw


def read(directory):
    said = {}
    for path in sorted(pathlib.Path(directory).iterdir()):
        if path.suffix == ".raw":
            continue
        request, raw = (read_json if path.suffix == ".json" else read_cbor)(path.read_bytes())
        message = path.with_suffix(".raw").read_bytes()
        assert raw is None or raw == message, f"{path.name}: rawMessage differs"
        shown = json.dumps(request, ensure_ascii=False, separators=(",", ":"), default=lambda octets: base64.b64encode(octets).decode())
        assert said.setdefault(path.stem, shown) == shown, f"{path.stem}: JSON and CBOR differ"
        print(path.name, "with" if raw is not None else "without", shown)


def answers():
    answer = {
        "set": [{"path": "/action", "value": "quarantine"}, {"path": "/response/code", "value": 550},
                {"path": "/n", "value": [None, True, -1, 2**53 - 1, 0.5, "\u00fc\U0001f600", {}]}],
        "add": [{"path": "/message/headers", "value": {"name": "X-A", "value": "1"}, "index": 0},
                {"path": "/x", "value": "y", "index": None}],
        "delete": [{"path": "/message/headers/12"}],
    }
    for octets in (json.dumps(answer), json.dumps(answer, ensure_ascii=False), json.dumps(answer, indent=4)):
        print("json", octets.encode().hex())
    print("cbor", cbor2.dumps(answer).hex())
    print("cbor", cbor2.dumps(cbor2.CBORTag(55799, answer)).hex())


if __name__ == "__main__":
    sys.stdout.reconfigure(encoding="utf-8")
    read(sys.argv[2]) if sys.argv[1] == "read" else answers()
