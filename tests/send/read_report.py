"""Reads a report on standard input as any mail program would, and prints what it holds, a line each."""
import email
import email.policy
import sys

message = email.message_from_bytes(sys.stdin.buffer.read(), policy=email.policy.default)
print("subject", message["Subject"])
print("auto", message["Auto-Submitted"])
print("type", message.get_content_type(), message.get_param("report-type"))
print("defects", [type(defect).__name__ for part in message.walk() for defect in part.defects])
if message.preamble and message.preamble.strip():
    print("preamble", message.preamble.splitlines()[0])
parts = list(message.iter_parts())
print("parts", " ".join(part.get_content_type() for part in parts))
for line in parts[0].get_content().splitlines():
    print("text", line)
# The email module reads message/delivery-status as a list of header blocks.
blocks = parts[1].get_payload()
if isinstance(blocks, str):
    blocks = [email.message_from_string(block) for block in blocks.strip().split("\n\n")]
for number, block in enumerate(block for block in blocks if block.keys()):
    for name, value in block.items():
        print(f"field {number} {name}: {' '.join(str(value).split())}")
copy = parts[2].get_payload()
if isinstance(copy, list):
    print("copy subject", copy[0]["Subject"])
    print("copy body", copy[0].get_payload().strip())
else:
    for line in copy.splitlines():
        print("copy", line)
