// What Node runs before Pulumi's runner (`nodeargs` in Pulumi.yaml): an old Node ends here with one line, and the program
// starts in half the time.
import { assertNode } from "./nodeVersion.mjs";

assertNode();
await import("./preload.ts");
