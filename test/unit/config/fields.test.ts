import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { processors, quantity, quantityOf, schedule, timeZone } from "../../../config/fields.ts";

const takes = (field: { safeParse(text: string): { success: boolean } }, texts: readonly string[]): readonly string[] =>
  texts.filter((text) => field.safeParse(text).success);

describe("fields of settings", () => {
  it("a quantity of bytes is whatever Kubernetes accepts, and nothing else", () => {
    const right = [
      "1500M",
      "0.5Gi",
      "500Ki",
      "1Gi",
      "1e9",
      "12E6",
      "1073741824",
      "+1Gi",
      ".5Gi",
      "5.Gi",
      "1000m",
      "2Ti",
    ];
    assert.deepEqual(takes(quantity, right), right);
    const wrong = ["", "0", "0Gi", "-1Gi", "1 Gi", "1gi", "1GB", "Gi", "1Gi ", "1.2.3Gi", "500m", "1mi", "1e", "one"];
    assert.deepEqual(takes(quantity, wrong), []);
  });

  it("a processor quantity has the same grammar, from a thousandth up", () => {
    const right = ["500m", "2", "0.5", "1.5", "1k"];
    assert.deepEqual(takes(processors, right), right);
    assert.deepEqual(takes(processors, ["0", "0m", "-1", "1c", "half", "100u"]), []);
  });

  it("a quantity is converted to its number", () => {
    const numbers = { "1Ki": 1024, "1.5Gi": 1.5 * 2 ** 30, "1500M": 1.5e9, "250m": 0.25, "1e3": 1000, "3": 3 };
    for (const [text, number] of Object.entries(numbers)) assert.equal(quantityOf(text), number, text);
    assert.throws(() => quantityOf("1 Gi"), /^Error: "1 Gi" is not a quantity$/);
  });

  it("a schedule is whatever Kubernetes accepts, and nothing else", () => {
    const right = [
      "0 2 * * 2",
      "*/5 * * * *",
      "5/10 * * * *",
      "0 0 * * MON",
      "0 22 * jan-mar 1-5",
      "0 0 ? * *",
      "@daily",
      "@every 1h30m",
    ];
    assert.deepEqual(takes(schedule, right), right);
    const wrong = [
      ...[
        "99 x * * *",
        "60 * * * *",
        "0 24 * * *",
        "0 0 32 * *",
        "0 0 * 13 *",
        "0 0 * * 7",
        "0 0 * * 5-7",
        "0 0 L * *",
      ],
      ...[
        "0 0 * * MON#1",
        "0 0 15W * *",
        "0 0 * FOO *",
        "* * * *",
        "0 0 1 1 * 2030",
        "TZ=UTC 0 0 * * *",
        "@reboot",
        "",
        "@every",
      ],
    ];
    assert.deepEqual(takes(schedule, wrong), []);
  });

  it("a wrong schedule is refused with the field that is wrong", () => {
    const { error } = schedule.safeParse("60 * * * *");
    assert.equal(
      error?.issues[0]?.message,
      "expected a schedule of Kubernetes, five fields such as 0 2 * * 2, or @daily: Invalid value for minute: 60",
    );
    assert.match(schedule.safeParse("0 0 * * 7").error?.issues[0]?.message ?? "", /; Sunday is 0$/);
  });

  it("a time zone is accepted by its name", () => {
    assert.deepEqual(takes(timeZone, ["Etc/UTC", "Europe/Prague", "UTC"]), ["Etc/UTC", "Europe/Prague", "UTC"]);
    assert.deepEqual(takes(timeZone, ["", "Prague", "+02:00", "Europe/Nowhere"]), []);
  });
});
