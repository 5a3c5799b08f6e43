/**
 * Restores V8's own stack traces. Pulumi's SDK takes one for each promise and each resource, and its CLI has
 * them mapped by source maps: a third of the program's CPU time. Node runs these sources as they are, so there is nothing to map.
 */
export function plainStackTraces(): void {
  Reflect.deleteProperty(Error, "prepareStackTrace");
}
