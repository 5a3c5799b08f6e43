/** A stack that is looked at, once or again and again. */
import { UsageError } from "../../../cli/usage.ts";
import { readStackFile } from "../../../config/stackFile.ts";
import { gate, type Gate } from "../gate.ts";
import { TagMemory } from "../images/tagMemory.ts";
import { resources } from "../resources.ts";
import { stackOf } from "../stack.ts";
import { NameMemory } from "./chosenNames.ts";
import { type Asked, collect } from "./collect.ts";
import { messageOf, type Report, shared } from "./row.ts";
import { type Declaration, declare, type StatusValues, systemsOf } from "./situation.ts";

/** One stack. */
export class Watched {
  readonly name: string;
  readonly file: string;
  private readonly values: StatusValues;
  private readonly asked: Asked;
  private readonly renders: Gate;
  private readonly tags = new TagMemory();
  private readonly names = new NameMemory(() => resources(this.name));
  private declaration: Declaration | undefined;
  private systems: readonly string[];

  /**
   * @param asked - with no systems: all that the stack has
   * @param renders - lets one through at a time, the same for all stacks: the program is rendered in this process
   * @throws UsageError if the stack lacks one of the systems
   */
  constructor(values: StatusValues, asked: Asked, renders: Gate = gate(1)) {
    ({ name: this.name, file: this.file } = stackOf(values));
    const known = systemsOf(readStackFile(this.file));
    const strange = asked.systems.find((one) => !known.includes(one));
    if (strange !== undefined)
      throw new UsageError(`Pulumi.${this.name}.yaml has no system ${strange}; it has ${known.join(", ")}`);
    this.values = values;
    this.renders = renders;
    this.asked = asked;
    this.systems = asked.systems.length === 0 ? known : asked.systems;
  }

  /** @throws if its settings are wrong */
  async look(): Promise<Report> {
    const file = readStackFile(this.file);
    // A render takes most of a second; the file seldom changes.
    if (this.declaration?.text !== file.text) this.declaration = await this.renders(() => declare(this.values));
    if (this.asked.systems.length === 0) this.systems = this.declaration.systems;
    return collect(this.declaration, this.values, {
      ...this.asked,
      systems: this.systems,
      tags: this.tags,
      names: this.names,
    });
  }

  /** The same where one stack must not end the looks at others, or a file that is being edited the next looks. */
  async lookAnyway(): Promise<Report> {
    const at = new Date();
    try {
      return await this.look();
    } catch (error) {
      const [target, problem] = [`Pulumi.${this.name}.yaml`, messageOf(error)];
      return {
        ...{ stack: this.name, at: at.toISOString(), seconds: 0, systems: this.systems },
        rows: [{ source: "settings", system: shared, part: target, state: "bad", text: problem }],
        sources: [{ name: "settings", target, seconds: 0, problem }],
      };
    }
  }
}
