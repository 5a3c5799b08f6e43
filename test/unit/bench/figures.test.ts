import assert from "node:assert/strict";
import { exponent, median, round } from "../../../bench/figures.ts";
import { turns } from "../../../bench/rounds.ts";

describe("bench: figures", () => {
  it("the median is the middle one, or the mean of the middle two", () => {
    assert.equal(median([9, 1, 2]), 2);
    assert.equal(median([4, 1, 2, 9]), 3);
    assert.throws(() => median([]), /no values/);
  });

  it("the exponent is that of a power law, whatever its factor", () => {
    const sizes = [100, 250, 600, 1000];
    for (const power of [0, 0.5, 1, 2]) {
      const fitted = exponent(sizes.map((size) => [size, 7 * size ** power]));
      assert.ok(Math.abs(fitted - power) < 1e-9, `${fitted}`);
    }
    assert.equal(round(1.2345, 2), 1.23);
  });

  it("the exponent of noise around a line is near 1", () => {
    const fitted = exponent([
      [100, 1.1],
      [200, 1.9],
      [400, 4.2],
      [1000, 9.7],
    ]);
    assert.ok(Math.abs(fitted - 1) < 0.05, `${fitted}`);
  });

  it("one size, or a size or cost of nothing, has no exponent", () => {
    assert.throws(() => exponent([[100, 1]]), /two sizes/);
    assert.throws(
      () =>
        exponent([
          [100, 0],
          [200, 1],
        ]),
      /above zero/,
    );
  });

  it("each contestant runs once in every position of the order", () => {
    const all = turns(["a", "b", "c"], 3);
    assert.deepEqual(all, [
      ["a", "b", "c"],
      ["b", "c", "a"],
      ["c", "a", "b"],
    ]);
  });
});
