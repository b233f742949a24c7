#!/usr/bin/env python3
"""Answers `init` and `echo`: see docs/protocol.md."""
import json
import sys

for line in sys.stdin:
    message = json.loads(line)
    request = message["body"]
    reply = {"type": request["type"] + "_ok", "in_reply_to": request["msg_id"]}
    if request["type"] == "echo":
        reply["echo"] = request["echo"]
    print(json.dumps({"src": message["dest"], "dest": message["src"], "body": reply}), flush=True)
