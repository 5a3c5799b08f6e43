/**
 * Has V8 write stack traces by itself again. Pulumi's SDK takes one for each promise and each resource, and its CLI has
 * them mapped by source maps: a third of the program's CPU time. Node runs these sources as they are, so nothing is to be mapped.
 */
export function plainStackTraces(): void {
  Reflect.deleteProperty(Error, "prepareStackTrace");
}
