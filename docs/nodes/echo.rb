#!/usr/bin/env ruby
# Answers `init` and `echo`: see docs/protocol.md.
require "json"

$stdout.sync = true
$stdin.each_line do |line|
  message = JSON.parse(line)
  request = message["body"]
  reply = { type: "#{request["type"]}_ok", in_reply_to: request["msg_id"] }
  reply[:echo] = request["echo"] if request["type"] == "echo"
  puts JSON.generate({ src: message["dest"], dest: message["src"], body: reply })
end
