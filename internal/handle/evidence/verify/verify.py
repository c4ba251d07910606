#!/usr/bin/env python3
"""Checks exhibits of Qingyuan against their receipts. It needs python3 and openssl, and no network.

  verify.py FILE RECEIPT.json                          one exhibit
  verify.py --stamp CHECKPOINT TOKEN.tsr CA.pem        the time stamp of a checkpoint (RFC 3161)
  verify.py --log TILES KEY                            every entry of a log, against its own checkpoint

Exit status 0 and a line that begins with OK, or 1 and a line that begins with REFUSED.
What is checked: SHA-256, SM3 and size of the file against the record; the record and its salt against the proof; the proof
(C2SP tlog-proof, RFC 6962 hashes) against the signed checkpoint; its Ed25519 signature against the log's key.
"""
import base64
import hashlib
import json
import os
import subprocess
import sys
import tempfile


class Refused(Exception):
    pass


def sha256(data):
    return hashlib.sha256(data).digest()


def strict64(text):
    """base64 in the one form there is: spare bits must be zero."""
    raw = base64.b64decode(text, validate=True)
    if base64.b64encode(raw).decode() != text:
        raise Refused("base64 that nobody writes: " + text)
    return raw


def openssl(*args, data=None):
    return subprocess.run(["openssl", *args], input=data, capture_output=True)


def sm3(data):
    run = openssl("dgst", "-sm3", "-r", data=data)
    if run.returncode:
        raise Refused("this openssl cannot compute SM3")
    return run.stdout.split()[0].decode()


def open_checkpoint(text, key):
    """Checks the signature of a checkpoint and returns origin, size and root."""
    name, key_hash, public = key.strip().split("+", 2)
    public = strict64(public)
    if public[0] != 1 or len(public) != 33 or sha256(name.encode() + b"\n" + public)[:4].hex() != key_hash:
        raise Refused("the key is not an Ed25519 verifier key")
    body, _, signatures = text.partition("\n\n")
    body += "\n"
    lines = signatures.split("\n")
    if len(lines) != 2 or lines[1] or not lines[0].startswith("\u2014 " + name + " "):
        raise Refused("the checkpoint is not signed by this log, and by it alone")
    signature = strict64(lines[0].split(" ")[2])
    if signature[:4].hex() != key_hash or len(signature) != 68:
        raise Refused("the checkpoint is signed with another key")
    with tempfile.TemporaryDirectory() as folder:
        def put(file, data):
            path = os.path.join(folder, file)
            with open(path, "wb") as f:
                f.write(data)
            return path
        der = bytes.fromhex("302a300506032b6570032100") + public[1:]  # SubjectPublicKeyInfo of Ed25519 (RFC 8410)
        ok = openssl("pkeyutl", "-verify", "-pubin", "-keyform", "DER", "-inkey", put("key", der), "-rawin",
                     "-in", put("body", body.encode()), "-sigfile", put("signature", signature[4:])).returncode == 0
    if not ok:
        raise Refused("the signature of the checkpoint does not verify")
    origin, size, root = body.split("\n")[:3]
    if origin != name or str(int(size)) != size:
        raise Refused("the checkpoint is malformed")
    return origin, int(size), strict64(root)


def root_of(leaf, index, size, path):
    """The root that an inclusion path leads to (RFC 9162 2.1.3.2)."""
    at, last, node = index, size - 1, leaf
    for other in path:
        if last == 0:
            raise Refused("the path is too long")
        if at & 1 or at == last:
            node = sha256(b"\x01" + other + node)
            while at and not at & 1:
                at, last = at >> 1, last >> 1
        else:
            node = sha256(b"\x01" + node + other)
        at, last = at >> 1, last >> 1
    if last:
        raise Refused("the path is too short")
    return node


def check_receipt(raw, receipt):
    if receipt.get("v") != "qingyuan-receipt-1":
        raise Refused("not a receipt")
    record, salt = strict64(receipt["record"]), strict64(receipt["salt"])
    if len(salt) != 32:
        raise Refused("the salt must have 32 bytes")
    fields = json.loads(record)
    if fields["size"] != len(raw) or fields["sha256"] != hashlib.sha256(raw).hexdigest():
        raise Refused("the file is not the one that was recorded")
    if fields["sm3"] != sm3(raw):
        raise Refused("the file has another SM3 than was recorded")
    head, found, checkpoint = receipt["proof"].partition("\n\n")
    lines = head.split("\n")
    if not found or lines[0] != "c2sp.org/tlog-proof@v1" or not lines[1].startswith("index "):
        raise Refused("the proof is malformed")
    index = int(lines[1][6:])
    origin, size, root = open_checkpoint(checkpoint, receipt["key"])
    if not 0 <= index < size:
        raise Refused("the proof is of an entry that the checkpoint does not cover")
    leaf = sha256(b"\x00" + sha256(salt + record))
    if root_of(leaf, index, size, [strict64(line) for line in lines[2:]]) != root:
        raise Refused("the record is not in the log")
    return "exhibit %s recorded %s, entry %d of %d of %s" % (fields["exhibit"], fields["at"], index, size, origin)


def check_stamp(checkpoint, token, ca):
    run = openssl("ts", "-verify", "-in", token, "-data", checkpoint, "-CAfile", ca)
    if run.returncode:
        raise Refused("openssl ts -verify: " + run.stderr.decode(errors="replace").strip().split("\n")[-1])
    text = openssl("ts", "-reply", "-in", token, "-text").stdout.decode(errors="replace")
    return "checkpoint " + "; ".join(line.strip() for line in text.split("\n") if line.startswith(("Time stamp:", "Policy OID:")))


def tile_path(n, width):
    parts = ["%03d" % (n % 1000)]
    while n >= 1000:
        n //= 1000
        parts.insert(0, "x%03d" % (n % 1000))
    return os.path.join(*parts) + ("" if width == 256 else ".p/%d" % width)


def entries_of(folder, size):
    for first in range(0, size, 256):
        width = min(256, size - first)
        path = os.path.join(folder, "tile", "entries", tile_path(first // 256, width))
        if width < 256 and not os.path.exists(path):  # a longer bundle may have replaced it
            path = os.path.join(folder, "tile", "entries", tile_path(first // 256, 256))
        with open(path, "rb") as f:
            bundle = f.read()
        at = 0
        for _ in range(width):
            n = int.from_bytes(bundle[at:at + 2], "big")
            yield bundle[at + 2:at + 2 + n]
            at += 2 + n


def check_log(folder, key):
    with open(os.path.join(folder, "checkpoint"), encoding="utf-8") as f:
        origin, size, root = open_checkpoint(f.read(), key)
    edge, seen = [], set()  # roots of full subtrees, largest first, with their heights
    for entry in entries_of(folder, size):
        if entry in seen:
            raise Refused("an entry is in the log twice: " + entry.hex())
        seen.add(entry)
        node, height = sha256(b"\x00" + entry), 0
        while edge and edge[-1][1] == height:
            node, height = sha256(b"\x01" + edge.pop()[0] + node), height + 1
        edge.append((node, height))
    node = edge.pop()[0] if edge else sha256(b"")
    while edge:
        node = sha256(b"\x01" + edge.pop()[0] + node)
    if node != root:
        raise Refused("the entries have another root than the checkpoint")
    return "%d entries, none twice, root as signed by %s" % (size, origin)


def main(args):
    if len(args) == 4 and args[0] == "--stamp":
        return check_stamp(*args[1:])
    if len(args) == 3 and args[0] == "--log":
        return check_log(*args[1:])
    if len(args) == 2 and not args[0].startswith("--"):
        with open(args[0], "rb") as f, open(args[1], encoding="utf-8") as r:
            return check_receipt(f.read(), json.load(r))
    sys.exit(__doc__)


if __name__ == "__main__":
    try:
        print("OK " + main(sys.argv[1:]))
    except (Refused, KeyError, ValueError, IndexError, OSError) as why:
        print("REFUSED " + (str(why) or type(why).__name__))
        sys.exit(1)
