/** What the lab changes of Keystone, in Debian's own modules: its cache forgets. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { before, describe, it } from "mocha";
import { runPython } from "../../../lab/harness/python.ts";

/** Eight threads put and get as Keystone's do; what is left of a cache of its kind. */
const program = `
import concurrent.futures, json, sys, types
sys.modules['answers'] = sys.modules['lab'] = types.ModuleType('none')
import serve
serve.cache_that_forgets()
from dogpile.cache import make_region
sys.setswitchinterval(1e-6)
regions = [make_region().configure('dogpile.cache.memory', expiration_time=600) for _ in range(2)]
one = regions[0]
def use(key):
    value = one.get_or_create(str(key), lambda: key)
    one.delete(str(key - 7))
    return value
with concurrent.futures.ThreadPoolExecutor(8) as threads:
    wrong = sum(a != b for a, b in zip(threads.map(use, range(5000)), range(5000)))
one.set_multi({'last-%d' % key: key for key in range(1500)})
held = one.backend._cache
print(json.dumps([wrong, len(held), 'last-499' in held, 'last-500' in held, one.get('last-1499'), len(regions[1].backend._cache)]))
`;

describe("the lab's Keystone", function () {
  this.timeout(60_000);
  before(function () {
    if (!existsSync("/usr/lib/python3/dist-packages/keystone")) this.skip(); // `npm test` installs it
  });

  it("keeps the latest thousand entries of each of its caches, whatever its eight threads do", () => {
    assert.deepEqual(runPython(program), [0, 1000, false, true, 1499, 0]);
  });
});
