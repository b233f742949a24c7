// Answers `init` and `echo`: see docs/protocol.md. Compile it with `go build -o echo echo.go`.
package main

import (
	"encoding/json"
	"os"
)

type message struct {
	Src  string         `json:"src"`
	Dest string         `json:"dest"`
	Body map[string]any `json:"body"`
}

func main() {
	in, out := json.NewDecoder(os.Stdin), json.NewEncoder(os.Stdout)
	in.UseNumber()
	for m := (message{}); in.Decode(&m) == nil; m = (message{}) {
		reply := map[string]any{"type": m.Body["type"].(string) + "_ok", "in_reply_to": m.Body["msg_id"]}
		if m.Body["type"] == "echo" {
			reply["echo"] = m.Body["echo"]
		}
		out.Encode(message{Src: m.Dest, Dest: m.Src, Body: reply})
	}
}
