/** What the lab changes of Swift, by Debian's eventlet: an answer without a body has nothing behind its headers. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { before, describe, it } from "mocha";
import { runPython } from "../../../lab/harness/python.ts";

/** Bytes behind the headers of a 204 that names no length, as Swift's HEAD of a container does: as it is, and as the lab serves it. */
const program = `
import json, socket, sys, types
sys.modules['answers'] = sys.modules['lab'] = types.ModuleType('none')
import eventlet
from eventlet import wsgi
import serve_swift
def container(environ, start_response):
    start_response('204 No Content', [('X-Container-Object-Count', '0')])
    return iter([b''])
def behind(app):
    listening = eventlet.listen(('127.0.0.1', 0))
    server = eventlet.spawn(wsgi.server, listening, app, log_output=False)
    client = eventlet.connect(listening.getsockname())
    client.sendall(b'HEAD /v1/a/c HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n')
    said = b''
    with eventlet.Timeout(0.5, False):
        while True:
            said += client.recv(1000)
    server.kill()
    return said.split(b'\\r\\n\\r\\n', 1)[1].decode()
print(json.dumps([behind(container), behind(serve_swift.ended(container))]))
`;

describe("the lab's Swift", function () {
  this.timeout(60_000);
  before(function () {
    if (!existsSync("/usr/lib/python3/dist-packages/swift")) this.skip(); // `npm test` installs it
  });

  it("ends an answer without a body with its headers, where eventlet alone would add the end of chunks", () => {
    assert.deepEqual(runPython(program), ["0\r\n\r\n", ""]);
  });
});
