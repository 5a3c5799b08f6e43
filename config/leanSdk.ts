/** Switches off what Pulumi's SDK does for those who develop it: a quarter of the program's processor time, an eighth of the state. */
import { Resource } from "@pulumi/pulumi";
import log from "@pulumi/pulumi/log/index.js";
import debuggable from "@pulumi/pulumi/runtime/debuggable.js";

/** What the SDK's declarations leave out. */
interface Debuggable {
  readonly debuggablePromise: <T>(promise: Promise<T>, context: unknown) => Promise<T>;
}

const sdk = (debuggable as unknown as Debuggable).debuggablePromise;

function debuggablePromise<T>(promise: Promise<T>, context: unknown): Promise<T> {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    return sdk(promise, context);
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}

const debug = (): Promise<void> => Promise.resolve();
const stackTrace = (): readonly never[] => [];

/**
 * To be called before anything is registered. Three things end:
 * - Messages of level debug, three a resource, one of them with the resource's whole state: they go to the engine one
 *   after the other, which drops them unless `pulumi --debug` is used.
 * - A stack trace for each resource, which is saved in the state with the machine's paths, and which nothing reads.
 * - A stack trace for each promise; only `PULUMI_DEBUG_PROMISE_LEAKS` prints it.
 * Errors keep theirs, but V8's own: the CLI has each mapped by source maps, and Node runs these sources as they are.
 */
export function leanSdk(): void {
  Reflect.deleteProperty(Error, "prepareStackTrace");
  Reflect.set(log, "debug", debug);
  Reflect.set(Resource, "stackTrace", stackTrace);
  Reflect.set(debuggable, "debuggablePromise", debuggablePromise);
}
