// Pulumi's runner would compile pack.ts with an old compiler of its own; imported like this, Node itself reads it.
import("./pack.ts");
