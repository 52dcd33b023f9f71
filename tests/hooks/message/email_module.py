#!/usr/bin/env python3
"""Compares what the message model says with Python's email module, where that finds nothing wrong.

email_module.py DIRECTORY: N.eml is a message with CRLF, N.json its properties. Prints each difference,
then how much was compared.
"""
import base64
import email
import email.policy
import json
import pathlib
import re
import sys

compared = {"structures": 0, "texts": 0, "blobs": 0, "addresses": 0, "subjects": 0, "dates": 0}


def differ(name, what, ours, theirs):
    print(f"{name}: {what}: ours {ours!r}, Python's {theirs!r}")


def leaves(part, number=""):
    """(IMAP number, part) of each; message/rfc822 is not looked into."""
    if part.get_content_maintype() == "multipart" and part.is_multipart():
        for n, child in enumerate(part.get_payload(), 1):
            yield from leaves(child, f"{number}.{n}" if number else str(n))
    else:
        yield number or "1", part


def our_leaves(part):
    if "subParts" in part:
        for child in part["subParts"]:
            yield from our_leaves(child)
    else:
        yield part["partId"], part


def has_defects(part):
    return any(piece.defects for piece in part.walk())


def compare_structure(name, ours, message):
    theirs = list(leaves(message))
    mine = list(our_leaves(ours["bodyStructure"]))
    compared["structures"] += 1
    shape = [(number, part.get_content_type()) for number, part in theirs]
    if shape != [(number, part["type"]) for number, part in mine]:
        differ(name, "structure", [(number, part["type"]) for number, part in mine], shape)
        return
    for (number, part), (_, our) in zip(theirs, mine):
        compare_content(f"{name} {number}", ours, our, part)


def compare_content(name, ours, our, part):
    if part.is_multipart():
        return
    if "uuencode" in str(part["Content-Transfer-Encoding"]):
        return  # no encoding of MIME
    octets = part.get_payload(decode=True)
    value = ours["bodyValues"].get(our["partId"])
    if value is None:
        compared["blobs"] += 1
        if base64.b64decode(our["blob"]) != octets:
            differ(name, "blob", our["blob"][:80], octets[:60])
        return
    if value["isEncodingProblem"]:
        return
    try:
        text = octets.decode(part.get_content_charset("us-ascii"))
    except (LookupError, UnicodeDecodeError):
        return
    compared["texts"] += 1
    # Python keeps blanks at the ends of lines that quoted-printable says are not there.
    text = text.replace("\r\n", "\n")
    plain = [re.sub(r"[ \t]+(?=\n|$)", "", text) for text in (value["value"], text)]
    if plain[0] != plain[1]:
        differ(name, "text", plain[0][:200], plain[1][:200])


def squeezed(text):
    return " ".join(text.split())


def compare_header(name, ours, message):
    for member, field in {"from": "From", "sender": "Sender", "replyTo": "Reply-To", "to": "To", "cc": "Cc"}.items():
        header = (message.get_all(field) or [None])[-1]
        if header is None:
            if ours[member] is not None:
                differ(name, member, ours[member], None)
            continue
        if header.defects:
            continue
        theirs = [(squeezed(a.display_name) or None, a.addr_spec) for a in header.addresses]
        compared["addresses"] += 1
        # A comment is a name for us where there is no other.
        mine = [(squeezed(a["name"] or "") or None, a["email"]) for a in ours[member]]
        mine = [(name_, mail) if their_name else (None, mail) for (name_, mail), (their_name, _) in zip(mine, theirs)] \
            if len(mine) == len(theirs) else mine
        if mine != theirs:
            differ(name, member, mine, theirs)
    subject = (message.get_all("Subject") or [None])[-1]
    if subject is not None and not subject.defects:
        compared["subjects"] += 1
        if squeezed(ours["subject"]) != squeezed(str(subject)):
            differ(name, "subject", ours["subject"], str(subject))
    date = (message.get_all("Date") or [None])[-1]
    if date is not None and not date.defects and date.datetime is not None:
        compared["dates"] += 1
        theirs = re.sub(r"\+00:00$", "Z", date.datetime.isoformat())
        if ours["sentAt"] != (theirs if len(theirs) > 19 else theirs + "Z"):
            differ(name, "date", ours["sentAt"], theirs)


def main():
    for path in sorted(pathlib.Path(sys.argv[1]).glob("*.eml")):
        octets = path.read_bytes()
        ours = json.loads(path.with_suffix(".json").read_text())
        name = ours["name"]
        old = email.message_from_bytes(octets)
        if not has_defects(old):
            compare_structure(name, ours, old)
        try:
            new = email.message_from_bytes(octets, policy=email.policy.default)
            compare_header(name, ours, new)
        except (AttributeError, IndexError, ValueError, LookupError, TypeError, email.errors.MessageError):
            pass  # the module fails on some of what is wrong
    print(" ".join(f"{count} {what}" for what, count in compared.items()))


main()
