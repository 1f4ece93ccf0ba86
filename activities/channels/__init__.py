"""Ways to reach somebody, behind one small port: `send(message)` returns a reference or says why not."""
