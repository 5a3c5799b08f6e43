"""Tries TCP connections all at once: reads {"from", "to": [[address, port]]} and prints for each whether somebody answered."""
import errno, json, selectors, socket, sys, time

asked = json.load(sys.stdin)
answered = [False] * len(asked["to"])
selector = selectors.DefaultSelector()
for index, target in enumerate(asked["to"]):
    one = socket.socket()
    one.setblocking(False)
    if asked["from"]:
        one.bind((asked["from"], 0))
    one.connect_ex(tuple(target))
    selector.register(one, selectors.EVENT_WRITE, index)
# A lost packet is sent again after a second.
end = time.monotonic() + 2.5
while selector.get_map() and time.monotonic() < end:
    for key, _ in selector.select(end - time.monotonic()):
        # A port that nobody listens on refuses, and so has been reached; a policy drops.
        error = key.fileobj.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        answered[key.data] = error in (0, errno.ECONNREFUSED)
        selector.unregister(key.fileobj)
        key.fileobj.close()
print(json.dumps(answered))
