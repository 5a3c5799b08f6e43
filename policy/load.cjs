// Pulumi's runner would compile pack.ts with its own old TypeScript; this way Node loads it.
import("./pack.ts");
